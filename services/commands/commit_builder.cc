#include "services/commands/commit_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/states/event_types.h"
#include "services/commands/limits.h"
#include "services/commands/state_loader.h"

namespace dealog::commands {
namespace {

using eventstore::NewCommit;
using eventstore::NewEvent;
using eventstore::StreamId;
using eventstore::UniqueKey;

StreamId ToStreamId(const domain::StreamRef& stream) { return {stream.type, stream.id}; }

absl::Status LimitExceeded(std::string_view limit, size_t allowed, size_t found) {
  return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                     absl::StrCat("expected at most ", allowed, " (", base::View(limit),
                                  "), found ", found, "; split the command"));
}

std::vector<UniqueKey> HashKeys(const std::vector<domain::UniqueClaim>& keys,
                                const base::Secret& secret) {
  std::vector<UniqueKey> hashed;
  hashed.reserve(keys.size());
  for (const domain::UniqueClaim& key : keys) {
    hashed.push_back({key.kind, UniqueHash(secret, key.kind, key.value), ToStreamId(key.owner)});
  }
  return hashed;
}

}  // namespace

std::string EventId(const base::Uuid& seed, int64_t recorded_at_us, size_t n) {
  base::Uuid id = seed;
  // The seed's random bits (bytes 9 to 15 hold no version or variant bit), counted up.
  uint64_t carry = n;
  for (size_t i = id.size() - 1; i >= 9 && carry > 0; --i) {
    carry += id[i];
    id[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  const uint64_t millis = static_cast<uint64_t>(recorded_at_us) / 1000;
  for (int i = 0; i < 6; ++i) id[i] = static_cast<uint8_t>(millis >> (8 * (5 - i)));
  id[6] = static_cast<uint8_t>(0x70 | (id[6] & 0x0F));
  id[8] = static_cast<uint8_t>(0x80 | (id[8] & 0x3F));
  return base::UuidBytes(id);
}

size_t CommitBytes(const NewCommit& commit) {
  size_t bytes = kEventOverheadBytes;
  for (const NewEvent& event : commit.events) {
    bytes += kEventOverheadBytes + event.payload.size() + commit.origin.override_reason.size();
    for (const std::string& part : event.sealed) bytes += part.size();
  }
  return bytes;
}

absl::StatusOr<NewCommit> BuildCommit(const CommandContext& context,
                                      const domain::CommandMeta& meta,
                                      const domain::Decision& decision,
                                      const SequencerOptions& options) {
  if (decision.events.size() > eventstore::kEventsPerCommitMax) {
    return LimitExceeded("kEventsPerCommitMax", eventstore::kEventsPerCommitMax,
                         decision.events.size());
  }
  NewCommit commit{.tenant = context.tenant,
                   .recorded_at_us = meta.now_us,
                   .origin = context.origin,
                   .releases = HashKeys(decision.releases, options.unique_key_secret),
                   .claims = HashKeys(decision.claims, options.unique_key_secret),
                   .subject = ToStreamId(decision.subject)};
  if (!context.request_id.empty()) {
    commit.request = {.caller = context.origin.principal,
                      .request_id = context.request_id,
                      .method = context.method,
                      .fingerprint = context.fingerprint,
                      .expires_at_us = meta.now_us + options.request_retention_us};
  }
  commit.events.reserve(decision.events.size());
  for (const domain::PendingEvent& pending : decision.events) {
    NewEvent& event = commit.events.emplace_back(
        NewEvent{.stream = ToStreamId(pending.stream),
                 .type = std::string(domain::EventTypeName(pending.event)),
                 .event_id = EventId(meta.id_seed, meta.now_us, commit.events.size()),
                 .schema_version = pending.schema_version,
                 .occurred_at_us =
                     pending.occurred_at_us != 0 ? pending.occurred_at_us : meta.occurred_at_us,
                 .payload = pending.event.SerializeAsString()});
    if (options.sealer != nullptr) {
      RETURN_IF_ERROR(options.sealer->Seal(context.tenant, event));
    }
    size_t bytes = event.payload.size();
    for (const std::string& part : event.sealed) bytes += part.size();
    if (bytes > eventstore::kEventBytesMax) {
      return LimitExceeded("kEventBytesMax", eventstore::kEventBytesMax, bytes);
    }
  }
  if (const size_t bytes = CommitBytes(commit); bytes > eventstore::kCommitBytesMax) {
    return LimitExceeded("kCommitBytesMax", eventstore::kCommitBytesMax, bytes);
  }
  return commit;
}

}  // namespace dealog::commands
