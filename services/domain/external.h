#pragma once

// Streams of other services: all that the CRM knows of one is how far it is.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/append.pb.h"
#include "services/domain/decider.h"
#include "services/domain/state.h"

namespace dealog::domain {

class ExternalState final : public StateOf<ExternalState> {
 public:
  explicit ExternalState(std::string_view /*stream_id*/) {}
  size_t ApproximateBytes() const override { return sizeof(*this); }
  bool HasOnlyRevision() const override { return true; }

 private:
  void Evolve(const events::v1::Event&, const EventMeta&) override {}
};

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
