#include "projections/runtime/checkpoints.h"

#include <string>
#include <utility>

#include "eventstore/base/status.h"
#include "eventstore/follow/point.h"

namespace dealog::projections {
namespace {

// True if what is stored with the checkpoint comes from this log and this fold.
absl::StatusOr<bool> Holds(const eventstore::EventLog& log, eventstore::PartitionId partition,
                           const ViewDefinition& view, const ViewCheckpoint& checkpoint) {
  if (checkpoint.number.value == 0) return true;
  if (checkpoint.version != view.version) return false;
  const absl::Status valid =
      eventstore::CheckPoint(log, partition, {checkpoint.number, checkpoint.digest});
  if (eventstore::IsForked(valid)) return false;
  if (!valid.ok()) return valid;
  return true;
}

absl::StatusOr<bool> HoldsEverywhere(const eventstore::EventLog& log, const ViewStore& store,
                                     const ViewDefinition& view) {
  for (uint32_t p = 0; p < log.partition_count(); ++p) {
    const eventstore::PartitionId partition{p};
    const absl::StatusOr<ViewCheckpoint> checkpoint = store.ReadCheckpoint(view.name, partition);
    if (!checkpoint.ok()) return false;
    ASSIGN_OR_RETURN(const bool holds, Holds(log, partition, view, *checkpoint));
    if (!holds) return false;
  }
  return true;
}

}  // namespace

absl::Status DropInvalid(const eventstore::EventLog& log, ViewStore& store,
                         std::span<const ViewDefinition> views) {
  for (const ViewDefinition& view : views) {
    ASSIGN_OR_RETURN(const bool holds, HoldsEverywhere(log, store, view));
    if (!holds) RETURN_IF_ERROR(store.Drop(view.name));
  }
  return absl::OkStatus();
}

void AddCheckpoints(const eventstore::EventLog& log, std::span<const ViewDefinition> views,
                    ViewWrite& write) {
  for (uint32_t p = 0; p < log.partition_count(); ++p) {
    const eventstore::PartitionId partition{p};
    const eventstore::PartitionHead head = log.BatchHead(partition);
    if (head.number.value == 0) continue;
    for (const ViewDefinition& view : views) {
      write.checkpoints.push_back(
          {std::string(view.name), partition, {view.version, head.number, head.digest}});
    }
  }
}

}  // namespace dealog::projections
