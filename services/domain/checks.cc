#include "services/domain/checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "services/domain/limits.h"
#include "services/domain/text.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

// Ids come from outside and become parts of keys: what can be no id is not looked up.
bool CanBeStreamId(std::string_view id) {
  return !id.empty() && id.size() <= kStreamIdBytesMax && CountCharacters(id).has_value();
}

}  // namespace

absl::Status CheckCommand(const CommandMeta& meta) {
  if (meta.occurred_at_us > meta.now_us) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "OCCURRED_IN_FUTURE",
                       absl::StrCat("occurred_at: expected at most now, ", TimeText(meta.now_us),
                                    ", found ", TimeText(meta.occurred_at_us)))
        .With("now", TimeText(meta.now_us))
        .With("occurred_at", TimeText(meta.occurred_at_us));
  }
  return CheckText("override_reason", meta.override_reason, {.chars_max = kOverrideReasonCharsMax});
}

absl::Status CheckEtag(const CommandMeta& meta, const StreamRef& stream,
                       const AggregateState& state) {
  const std::string found = absl::StrCat(state.revision);
  if (meta.etag.empty() || meta.etag == found) return absl::OkStatus();
  const std::string text =
      absl::StrCat(stream.type, " ", stream.id, ": expected etag \"", meta.etag, "\", found \"",
                   found, "\"; read it again and decide anew");
  return base::Error(absl::StatusCode::kAborted, "REVISION_CONFLICT", text)
      .With("expected", meta.etag)
      .With("found", found)
      .Condition("REVISION", stream.type + "/" + stream.id, text);
}

absl::Status CheckNotBefore(const CommandMeta& meta, const StreamRef& stream,
                            std::string_view event, int64_t bound_us) {
  if (meta.occurred_at_us >= bound_us) return absl::OkStatus();
  return base::Error(absl::StatusCode::kFailedPrecondition, "OCCURRED_OUT_OF_ORDER",
                     absl::StrCat("occurred_at of ", stream.type, " ", stream.id,
                                  ": expected at or after ", View(event), ", ", TimeText(bound_us),
                                  ", found ", TimeText(meta.occurred_at_us)))
      .With("later_event", event)
      .With("later_event_time", TimeText(bound_us));
}

bool IsExemptFromRules(const CommandMeta& meta) {
  return meta.via == storage::v1::VIA_IMPORT || !meta.override_reason.empty();
}

absl::Status CheckMask(const google::protobuf::FieldMask& mask,
                       std::initializer_list<std::string_view> allowed) {
  const auto expected = [&] {
    return absl::StrJoin(allowed, ", ",
                         [](std::string* out, std::string_view path) { out->append(path); });
  };
  if (mask.paths().empty()) {
    return base::InvalidField(
        "update_mask", absl::StrCat("expected at least one of ", expected(), "; found none"));
  }
  for (const std::string& path : mask.paths()) {
    if (std::find(allowed.begin(), allowed.end(), path) == allowed.end()) {
      return base::InvalidField(
          "update_mask", absl::StrCat("expected only ", expected(), "; found \"", path, "\""));
    }
  }
  return absl::OkStatus();
}

bool MaskHas(const google::protobuf::FieldMask& mask, std::string_view path) {
  return std::find(mask.paths().begin(), mask.paths().end(), path) != mask.paths().end();
}

absl::StatusOr<std::string> NewResourceId(std::string_view field, const std::string& requested,
                                          std::string_view prefix, std::string_view stream_type,
                                          const CommandMeta& meta, StateReader& reader) {
  if (!requested.empty() && !base::IsId(prefix, requested)) {
    return base::InvalidField(
        field, absl::StrCat("expected \"", View(prefix),
                            "_\" and 26 characters of lower-case base32, found \"", requested,
                            "\"; leave it empty to get a new one"));
  }
  const std::string id = requested.empty() ? meta.NewId(prefix) : requested;
  const StreamRef stream{std::string(stream_type), id};
  ASSIGN_OR_RETURN(const AggregateState* state, reader.Find(stream));
  if (state->revision != 0) {
    return base::Error(absl::StatusCode::kAlreadyExists, "ID_EXISTS",
                       absl::StrCat(View(stream_type), " ", id, " exists; choose another id"))
        .With(field, id);
  }
  RETURN_IF_ERROR(CheckEtag(meta, stream, *state));
  return id;
}

absl::Status NotFound(std::string_view reason, std::string_view field, std::string_view value) {
  return base::Error(absl::StatusCode::kNotFound, reason,
                     absl::StrCat(View(field), ": nothing is known as \"", View(value),
                                  "\" in this tenant"))
      .With(field, value);
}

absl::StatusOr<const AggregateState*> FindSubject(StateReader& reader, const StreamRef& stream,
                                                  std::string_view field, std::string_view reason,
                                                  const CommandMeta& meta) {
  RETURN_IF_ERROR(CheckCommand(meta));
  if (stream.id.empty()) return base::InvalidField(field, "expected an id, found nothing");
  if (!CanBeStreamId(stream.id)) return NotFound(reason, field, stream.id);
  ASSIGN_OR_RETURN(const AggregateState* state, reader.Find(stream));
  if (state->revision == 0) return NotFound(reason, field, stream.id);
  RETURN_IF_ERROR(CheckEtag(meta, stream, *state));
  return state;
}

events::v1::Event& AddEvent(Decision& decision, const StreamRef& stream) {
  PendingEvent& pending = decision.events.emplace_back();
  pending.stream = stream;
  return pending.event;
}

}  // namespace dealog::domain
