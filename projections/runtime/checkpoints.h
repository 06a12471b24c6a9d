#pragma once

// Which history the stored rows of views come from.

#include <span>

#include "absl/status/status.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Drops every view whose checkpoint is of another version, lies ahead of the log, is of another
// history or does not read: it is folded anew.
absl::Status DropInvalid(const eventstore::EventLog& log, ViewStore& store,
                         std::span<const ViewDefinition> views);

// Says of every view that its rows hold nothing newer than the log's heads now.
void AddCheckpoints(const eventstore::EventLog& log, std::span<const ViewDefinition> views,
                    ViewWrite& write);

}  // namespace dealog::projections
