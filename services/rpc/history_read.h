#pragma once

// What history needs of the log and the views.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "services/commands/state_loader.h"
#include "services/rpc/history_text.h"
#include "services/rpc/read_call.h"

namespace dealog::rpc {

// The stream of a resource's id, or of "type/id"; FIELD_INVALID if its prefix names none.
absl::StatusOr<eventstore::StreamId> StreamOfResource(const std::string& resource_id);

// The first `limit` events of all streams after a position, merged by position.
absl::StatusOr<std::vector<commands::ParsedEvent>> ReadMerged(
    const ReadCall& call, const std::vector<eventstore::StreamId>& streams,
    eventstore::Position after, size_t limit);

// Display names of what the events refer to.
absl::StatusOr<Names> ReadNames(const ReadCall& call,
                                const std::vector<commands::ParsedEvent>& events);

}  // namespace dealog::rpc
