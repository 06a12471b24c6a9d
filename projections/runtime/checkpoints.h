#pragma once

// Which stored checkpoints still hold.

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Checkpoints per partition, then per view. A view whose checkpoint is of another version, lies
// ahead of the log, is of another history or does not read is dropped whole, so that it starts from
// the beginning in every partition.
absl::StatusOr<std::vector<std::vector<ViewCheckpoint>>> ValidCheckpoints(
    const eventstore::EventLog& log, ViewStore& store, std::span<const ViewDefinition> views);

}  // namespace dealog::projections
