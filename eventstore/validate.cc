#include "eventstore/validate.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/batch_codec.h"

namespace dealog::eventstore {
namespace {

absl::Status ValidateText(std::string_view field, std::string_view text, size_t min, size_t max) {
  if (text.size() < min || text.size() > max) {
    return base::InvalidField(
        field, absl::StrCat("expected ", min, " to ", max, " bytes, found ", text.size()));
  }
  if (!IsUtf8(text)) return base::InvalidField(field, "expected valid UTF-8");
  return absl::OkStatus();
}

absl::Status ValidateStream(std::string_view field, const StreamId& stream) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  bool well_formed = !stream.type.empty() && stream.type.size() <= kStreamTypeBytesMax;
  for (const char c : stream.type) well_formed &= allowed(c);
  if (!well_formed) {
    return base::InvalidField(field, absl::StrCat("expected a stream type of 1 to ",
                                                  kStreamTypeBytesMax, " characters of [a-z0-9_]"));
  }
  return ValidateText(field, stream.id, 1, kStreamIdBytesMax);
}

absl::Status ValidateEvent(const NewEvent& event) {
  RETURN_IF_ERROR(ValidateStream("events.stream", event.stream));
  RETURN_IF_ERROR(ValidateText("events.type", event.type, 1, kEventTypeBytesMax));
  if (event.event_id.size() != 16) {
    return base::InvalidField("events.event_id",
                              absl::StrCat("expected 16 bytes, found ", event.event_id.size()));
  }
  if (event.data_subjects.size() > kDataSubjectsPerEventMax) {
    return PastLimit("an event's data subjects", "kDataSubjectsPerEventMax",
                     kDataSubjectsPerEventMax, event.data_subjects.size());
  }
  for (const std::string& subject : event.data_subjects) {
    RETURN_IF_ERROR(ValidateText("events.data_subjects", subject, 1, kOriginTextBytesMax));
  }
  if (event.sealed.size() > kSealedPartsPerEventMax) {
    return PastLimit("an event's sealed parts", "kSealedPartsPerEventMax", kSealedPartsPerEventMax,
                     event.sealed.size());
  }
  size_t bytes = event.payload.size();
  for (const std::string& part : event.sealed) bytes += part.size();
  if (bytes > kEventBytesMax) {
    return PastLimit("an event's payload", "kEventBytesMax", kEventBytesMax, bytes);
  }
  return absl::OkStatus();
}

absl::Status ValidateOrigin(const CommitOrigin& origin) {
  const auto optional_text = [](std::string_view field, const std::string& text) {
    return ValidateText(field, text, 0, kOriginTextBytesMax);
  };
  RETURN_IF_ERROR(optional_text("origin.principal", origin.principal));
  RETURN_IF_ERROR(optional_text("origin.on_behalf_of", origin.on_behalf_of));
  RETURN_IF_ERROR(optional_text("origin.correlation_id", origin.correlation_id));
  RETURN_IF_ERROR(optional_text("origin.traceparent", origin.traceparent));
  return optional_text("origin.override_reason", origin.override_reason);
}

absl::Status ValidateRequest(const CommitRequest& request) {
  if (request.request_id.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(ValidateText("request.request_id", request.request_id, 1, kRequestIdBytesMax));
  RETURN_IF_ERROR(ValidateText("request.caller", request.caller, 0, kCallerBytesMax));
  RETURN_IF_ERROR(ValidateText("request.method", request.method, 0, kMethodBytesMax));
  if (request.fingerprint.size() != kDigestBytes) {
    return base::InvalidField("request.fingerprint", absl::StrCat("expected 32 bytes, found ",
                                                                  request.fingerprint.size()));
  }
  return absl::OkStatus();
}

absl::Status ValidateUniques(std::string_view field, const std::vector<UniqueKey>& keys) {
  if (keys.size() > kUniqueKeysPerCommitMax) {
    return PastLimit(field, "kUniqueKeysPerCommitMax", kUniqueKeysPerCommitMax, keys.size());
  }
  for (const UniqueKey& key : keys) {
    RETURN_IF_ERROR(ValidateText(field, key.kind, 1, kUniqueKindBytesMax));
    if (key.hash.size() != kDigestBytes) {
      return base::InvalidField(
          field, absl::StrCat("expected a hash of 32 bytes, found ", key.hash.size()));
    }
    RETURN_IF_ERROR(ValidateStream(field, key.owner));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PastLimit(std::string_view what, std::string_view name, size_t limit, size_t found) {
  return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                     absl::StrCat(base::View(what), ": ", found, " is past the limit ",
                                  base::View(name), " (", limit, "); split the change"))
      .With("limit", name);
}

bool IsStorable(const StreamId& stream) {
  return stream.type.size() <= kStreamTypeBytesMax && stream.id.size() <= kStreamIdBytesMax;
}

bool IsUtf8(std::string_view text) {
  // Smallest code point that needs so many continuation bytes: shorter ones are overlong.
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const size_t more = lead >= 0xf0 && lead < 0xf8   ? 3
                        : lead >= 0xe0 && lead < 0xf0 ? 2
                        : lead >= 0xc0 && lead < 0xe0 ? 1
                                                      : 0;
    if (more == 0 || text.size() - i < more) return false;
    uint32_t code = lead & (0x3fu >> more);
    for (size_t end = i + more; i < end; ++i) {
      const unsigned char next = static_cast<unsigned char>(text[i]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fu);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < kLeast[more] || code > 0x10ffff || surrogate) return false;
  }
  return true;
}

absl::Status ValidateCommit(const NewCommit& commit) {
  RETURN_IF_ERROR(ValidateText("tenant", commit.tenant.value, 1, kTenantNameBytesMax));
  if (commit.events.empty() && commit.request.request_id.empty()) {
    return base::InvalidField("events", "expected at least one event, or a request to remember");
  }
  if (commit.events.size() > kEventsPerCommitMax) {
    return PastLimit("a commit's events", "kEventsPerCommitMax", kEventsPerCommitMax,
                     commit.events.size());
  }
  if (commit.conditions.size() > kConditionsPerCommitMax) {
    return PastLimit("a commit's conditions", "kConditionsPerCommitMax", kConditionsPerCommitMax,
                     commit.conditions.size());
  }
  for (const NewEvent& event : commit.events) RETURN_IF_ERROR(ValidateEvent(event));
  for (const StreamCondition& condition : commit.conditions) {
    RETURN_IF_ERROR(ValidateStream("conditions.stream", condition.stream));
  }
  if (!commit.subject.type.empty() || !commit.subject.id.empty()) {
    RETURN_IF_ERROR(ValidateStream("subject", commit.subject));
  }
  RETURN_IF_ERROR(ValidateOrigin(commit.origin));
  RETURN_IF_ERROR(ValidateRequest(commit.request));
  RETURN_IF_ERROR(ValidateUniques("releases", commit.releases));
  return ValidateUniques("claims", commit.claims);
}

}  // namespace dealog::eventstore
