#pragma once

// What every Decide asks first: may it happen now, is it what the caller saw, does it exist.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "services/domain/decider.h"

namespace dealog::domain {

using base::View;

// OCCURRED_IN_FUTURE, or FIELD_INVALID for an override_reason that is no proper text.
absl::Status CheckCommand(const CommandMeta& meta);

// REVISION_CONFLICT unless the caller's etag, if there is one, is the stream's revision.
absl::Status CheckEtag(const CommandMeta& meta, const StreamRef& stream,
                       const AggregateState& state);

// OCCURRED_OUT_OF_ORDER if the command occurred before `bound_us`, the time of `event` (for
// example "its opening").
absl::Status CheckNotBefore(const CommandMeta& meta, const StreamRef& stream,
                            std::string_view event, int64_t bound_us);

// True if the rules of a pipeline do not bind the command: an import of history, or an override.
bool IsExemptFromRules(const CommandMeta& meta);

// FIELD_INVALID naming update_mask if it is empty or has a path that is not in `allowed`.
absl::Status CheckMask(const google::protobuf::FieldMask& mask,
                       std::initializer_list<std::string_view> allowed);
bool MaskHas(const google::protobuf::FieldMask& mask, std::string_view path);

// The id of a new resource: `requested`, or a new one if it is empty. FIELD_INVALID naming `field`
// if it has not the form of an id, ID_EXISTS if the stream exists.
absl::StatusOr<std::string> NewResourceId(std::string_view field, const std::string& requested,
                                          std::string_view prefix, std::string_view stream_type,
                                          const CommandMeta& meta, StateReader& reader);

// NOT_FOUND with `reason`, such as "DEAL_NOT_FOUND"; `field` and `value` say what was looked for.
absl::Status NotFound(std::string_view reason, std::string_view field, std::string_view value);

// The state of a stream; of revision 0 if it does not exist.
template <typename State>
absl::StatusOr<const State*> Load(StateReader& reader, std::string_view type, std::string_view id) {
  ASSIGN_OR_RETURN(const AggregateState* state, reader.Find({std::string(type), std::string(id)}));
  return static_cast<const State*>(state);
}

// The same, for a stream that must exist and have the caller's etag; CheckCommand first.
// FIELD_INVALID if the id is empty, `reason` if there is no such stream, REVISION_CONFLICT.
absl::StatusOr<const AggregateState*> FindSubject(StateReader& reader, const StreamRef& stream,
                                                  std::string_view field, std::string_view reason,
                                                  const CommandMeta& meta);
template <typename State>
absl::StatusOr<const State*> LoadSubject(StateReader& reader, const StreamRef& stream,
                                         std::string_view field, std::string_view reason,
                                         const CommandMeta& meta) {
  ASSIGN_OR_RETURN(const AggregateState* state, FindSubject(reader, stream, field, reason, meta));
  return static_cast<const State*>(state);
}

// Appends an event of `stream` to the decision; the caller fills it.
events::v1::Event& AddEvent(Decision& decision, const StreamRef& stream);

}  // namespace dealog::domain
