#include "services/domain/external.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/stream_type.h"
#include "services/domain/text.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

using v1::StreamCondition;

absl::Status EventInvalid(const std::string& field, absl::string_view description) {
  const std::string_view text(description.data(), description.size());
  return base::Error(absl::StatusCode::kInvalidArgument, "EVENT_INVALID",
                     absl::StrCat(field, ": ", description))
      .Field(field, text);
}

absl::Status CheckPayload(const std::string& where, const v1::NewEvent& event,
                          const StreamTypeState& type) {
  const events::v1::ExternalEventType* known = type.FindEventType(event.type());
  if (known == nullptr) {
    return EventInvalid(where + ".type",
                        absl::StrCat("expected an event type of stream type ", type.name,
                                     ", found \"", event.type().substr(0, kEventTypeBytesMax),
                                     "\"; register it, or correct the name"));
  }
  if (event.payload().size() > kExternalPayloadBytesMax) {
    return EventInvalid(where + ".payload",
                        absl::StrCat("expected at most ", kExternalPayloadBytesMax,
                                     " bytes, found ", event.payload().size()));
  }
  if (type.definition->payload_type() == events::v1::PAYLOAD_TYPE_OPAQUE) return absl::OkStatus();
  if (type.messages == nullptr) {
    return EventInvalid(where + ".payload",
                        absl::StrCat("expected descriptors of stream type ", type.name,
                                     " that build, found others; register them again"));
  }
  const absl::Status parsed = type.messages->Check(known->message(), event.payload());
  return parsed.ok() ? parsed : EventInvalid(where + ".payload", parsed.message());
}

absl::StatusOr<int64_t> OccurredAt(const std::string& where, const v1::NewEvent& event,
                                   const CommandMeta& meta) {
  if (!event.has_occurred_at()) return 0;
  ASSIGN_OR_RETURN(const int64_t at_us, ToMicros(where + ".occurred_at", event.occurred_at()));
  if (at_us <= meta.now_us) return at_us;
  return base::Error(absl::StatusCode::kFailedPrecondition, "OCCURRED_IN_FUTURE",
                     absl::StrCat(where, ".occurred_at: expected at most now, ",
                                  TimeText(meta.now_us), ", found ", TimeText(at_us)))
      .With("now", TimeText(meta.now_us));
}

absl::Status AddExternal(const std::string& where, const v1::NewEvent& event,
                         const CommandMeta& meta, StateReader& reader, Decision& decision) {
  ASSIGN_OR_RETURN(StreamRef stream, ParseStreamRef(where + ".stream", event.stream()));
  ASSIGN_OR_RETURN(const StreamTypeState* type,
                   FindStreamType(where + ".stream", stream.type, reader));
  RETURN_IF_ERROR(CheckPayload(where, event, *type));
  ASSIGN_OR_RETURN(const int64_t occurred_at_us, OccurredAt(where, event, meta));
  PendingEvent& pending = decision.events.emplace_back();
  pending.stream = std::move(stream);
  pending.occurred_at_us = occurred_at_us;
  pending.schema_version = static_cast<uint32_t>(type->revision);
  pending.event.mutable_external()->set_type(event.type());
  pending.event.mutable_external()->set_payload(event.payload());
  return absl::OkStatus();
}

// Why the condition does not hold of a stream at `found`; empty if it does.
std::string Unmet(const StreamCondition& condition, uint64_t found) {
  if (condition.requirement_case() == StreamCondition::kExists) {
    if (condition.exists() == (found > 0)) return "";
    return found > 0 ? absl::StrCat("expected no such stream, found revision ", found)
                     : "expected the stream to exist, found none";
  }
  if (static_cast<uint64_t>(condition.expected_revision()) == found) return "";
  return absl::StrCat("expected revision ", condition.expected_revision(), ", found ", found);
}

absl::Status CheckCondition(const std::string& where, const StreamCondition& condition) {
  if (condition.requirement_case() == StreamCondition::REQUIREMENT_NOT_SET) {
    return base::InvalidField(where, "expected expected_revision or exists, found neither");
  }
  if (condition.requirement_case() == StreamCondition::kExpectedRevision &&
      condition.expected_revision() < 0) {
    return base::InvalidField(
        where + ".expected_revision",
        absl::StrCat("expected 0 (no such stream) or more, found ", condition.expected_revision()));
  }
  return absl::OkStatus();
}

// Revision of a condition's stream, which may be any: the CRM's too.
absl::StatusOr<uint64_t> RevisionOf(const std::string& where, const StreamRef& stream,
                                    StateReader& reader) {
  if (!IsOwnStreamType(stream.type)) {
    RETURN_IF_ERROR(FindStreamType(where + ".stream", stream.type, reader).status());
  }
  ASSIGN_OR_RETURN(const AggregateState* state, reader.Find(stream));
  return state->revision;
}

absl::Status CheckConditions(const v1::AppendEventsRequest& request, StateReader& reader) {
  if (static_cast<size_t>(request.conditions_size()) > kAppendConditionsMax) {
    return base::InvalidField("conditions", absl::StrCat("expected at most ", kAppendConditionsMax,
                                                         ", found ", request.conditions_size()));
  }
  std::set<std::string_view> seen;
  std::vector<std::pair<const StreamCondition*, std::string>> failed;
  bool only_revisions = true;
  for (int i = 0; i < request.conditions_size(); ++i) {
    const StreamCondition& condition = request.conditions(i);
    const std::string where = absl::StrCat("conditions[", i, "]");
    RETURN_IF_ERROR(CheckCondition(where, condition));
    ASSIGN_OR_RETURN(const StreamRef stream, ParseStreamRef(where + ".stream", condition.stream()));
    if (!seen.insert(condition.stream()).second) {
      return base::InvalidField(where + ".stream", "expected one condition per stream, found two");
    }
    ASSIGN_OR_RETURN(const uint64_t found, RevisionOf(where, stream, reader));
    std::string unmet = Unmet(condition, found);
    if (unmet.empty()) continue;
    only_revisions &= condition.requirement_case() == StreamCondition::kExpectedRevision;
    failed.emplace_back(&condition, std::move(unmet));
  }
  if (failed.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(failed[0].first->stream(), ": ", failed[0].second);
  if (failed.size() > 1) absl::StrAppend(&message, " (and ", failed.size() - 1, " more)");
  absl::StrAppend(&message, "; read again and decide anew");
  base::Error error(absl::StatusCode::kAborted,
                    only_revisions ? "REVISION_CONFLICT" : "CONDITION_FAILED", message);
  for (const auto& [condition, unmet] : failed) {
    const bool exists = condition->requirement_case() == StreamCondition::kExists;
    std::move(error).Condition(exists ? "EXISTS" : "REVISION", condition->stream(), unmet);
  }
  return absl::Status(std::move(error));
}

absl::Status CheckSizes(const v1::AppendEventsRequest& request) {
  const size_t count = static_cast<size_t>(request.events_size());
  if (count == 0 || count > kAppendEventsMax) {
    return base::InvalidField("events",
                              absl::StrCat("expected 1 to ", kAppendEventsMax, ", found ", count));
  }
  size_t bytes = 0;
  for (const v1::NewEvent& event : request.events()) bytes += event.payload().size();
  if (bytes <= kAppendBytesMax) return absl::OkStatus();
  return base::Error(
             absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
             absl::StrCat("expected payloads of at most ", kAppendBytesMax,
                          " bytes in one commit, found ", bytes, "; append them in several"))
      .With("limit", "append_bytes");
}

}  // namespace

absl::StatusOr<StreamRef> ParseStreamRef(std::string_view field, std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash > kStreamTypeBytesMax ||
      slash + 1 == text.size() || text.size() - slash - 1 > kStreamIdBytesMax ||
      !CountCharacters(text)) {
    return base::InvalidField(
        field, absl::StrCat("expected a stream as type/id, for example "
                            "invoice/2026-0042, with an id of 1 to ",
                            kStreamIdBytesMax, " bytes, found ", text.size(), " other bytes"));
  }
  return StreamRef{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

absl::StatusOr<Decision> Decide(const v1::AppendEventsRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckSizes(request));
  Decision decision;
  decision.events.reserve(static_cast<size_t>(request.events_size()));
  for (int i = 0; i < request.events_size(); ++i) {
    RETURN_IF_ERROR(
        AddExternal(absl::StrCat("events[", i, "]"), request.events(i), meta, reader, decision));
  }
  RETURN_IF_ERROR(CheckConditions(request, reader));
  decision.subject = decision.events.front().stream;
  return decision;
}

absl::Status DescribeAppend(const Decision& decision, StateReader& reader,
                            v1::AppendEventsResponse& response) {
  // Few streams per commit are the rule: looking through them is cheaper than a map.
  std::vector<const StreamRef*> streams;
  for (const PendingEvent& pending : decision.events) {
    const auto place = std::find_if(streams.begin(), streams.end(), [&](const StreamRef* known) {
      return *known == pending.stream;
    });
    const int index = static_cast<int>(place - streams.begin());
    if (place != streams.end()) {
      v1::AppendedStream& known = *response.mutable_streams(index);
      known.set_last_revision(known.last_revision() + 1);
      continue;
    }
    ASSIGN_OR_RETURN(const AggregateState* state, reader.Find(pending.stream));
    streams.push_back(&pending.stream);
    v1::AppendedStream& added = *response.add_streams();
    added.set_stream(pending.stream.type + "/" + pending.stream.id);
    added.set_first_revision(static_cast<int64_t>(state->revision) + 1);
    added.set_last_revision(added.first_revision());
  }
  return absl::OkStatus();
}

}  // namespace dealog::domain
