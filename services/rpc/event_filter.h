#pragma once

// Which events a reader of the log wants: checks of the request, and the test of one event.

#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/event_log.h"

namespace dealog::rpc {

// "type/id"; FIELD_INVALID names `field`.
absl::StatusOr<eventstore::StreamId> ParseStream(std::string_view text, std::string_view field);
// FIELD_INVALID for a malformed stream, an unknown stream or event type, too many of either.
absl::StatusOr<eventstore::EventFilter> ParseEventFilter(const v1::EventFilter& filter);
// True if an event of the commit passes; `header` is the event's, serialised.
bool MatchesEvent(const eventstore::EventFilter& filter, std::string_view header);

}  // namespace dealog::rpc
