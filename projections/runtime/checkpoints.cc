#include "projections/runtime/checkpoints.h"

#include <utility>

#include "eventstore/base/status.h"

namespace dealog::projections {
namespace {

// True if folding may go on after the checkpoint.
absl::StatusOr<bool> Holds(const eventstore::EventLog& log, eventstore::PartitionId partition,
                           const ViewDefinition& view, const ViewCheckpoint& checkpoint) {
  if (checkpoint.number.value == 0) return true;
  if (checkpoint.version != view.version) return false;
  const absl::StatusOr<std::string> digest = log.BatchDigest(partition, checkpoint.number);
  if (absl::IsNotFound(digest.status())) return false;  // Ahead of the log.
  if (!digest.ok()) return digest.status();
  return *digest == checkpoint.digest;
}

// The view's checkpoints in all partitions; empty if one of them does not hold.
absl::StatusOr<std::vector<ViewCheckpoint>> Read(const eventstore::EventLog& log,
                                                 const ViewStore& store,
                                                 const ViewDefinition& view) {
  std::vector<ViewCheckpoint> checkpoints;
  for (uint32_t p = 0; p < log.partition_count(); ++p) {
    const eventstore::PartitionId partition{p};
    absl::StatusOr<ViewCheckpoint> checkpoint = store.ReadCheckpoint(view.name, partition);
    if (!checkpoint.ok()) return std::vector<ViewCheckpoint>();
    ASSIGN_OR_RETURN(const bool holds, Holds(log, partition, view, *checkpoint));
    if (!holds) return std::vector<ViewCheckpoint>();
    checkpoints.push_back(*std::move(checkpoint));
  }
  return checkpoints;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<ViewCheckpoint>>> ValidCheckpoints(
    const eventstore::EventLog& log, ViewStore& store, std::span<const ViewDefinition> views) {
  std::vector<std::vector<ViewCheckpoint>> per_partition(log.partition_count());
  for (const ViewDefinition& view : views) {
    ASSIGN_OR_RETURN(std::vector<ViewCheckpoint> checkpoints, Read(log, store, view));
    if (checkpoints.empty()) {
      RETURN_IF_ERROR(store.Drop(view.name));
      checkpoints.resize(log.partition_count());
    }
    for (uint32_t p = 0; p < log.partition_count(); ++p) {
      per_partition[p].push_back(std::move(checkpoints[p]));
    }
  }
  return per_partition;
}

}  // namespace dealog::projections
