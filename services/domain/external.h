#pragma once

// What other services append to streams of their own.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/append.pb.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// "type/id" of a request; FIELD_INVALID naming `field`.
absl::StatusOr<StreamRef> ParseStreamRef(std::string_view field, std::string_view text);

// The events of an append, checked against their stream types. FIELD_INVALID; STREAM_TYPE_RESERVED
// and STREAM_TYPE_NOT_FOUND; EVENT_INVALID naming events[i]; LIMIT_EXCEEDED; OCCURRED_IN_FUTURE;
// REVISION_CONFLICT, or CONDITION_FAILED if one that failed is no expected revision, with each.
absl::StatusOr<Decision> Decide(const v1::AppendEventsRequest& request, const CommandMeta& meta,
                                StateReader& reader);

// What the decision of an append gives its streams, on top of `reader`'s states.
absl::Status DescribeAppend(const Decision& decision, StateReader& reader,
                            v1::AppendEventsResponse& response);

}  // namespace dealog::domain
