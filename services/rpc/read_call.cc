#include "services/rpc/read_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/commands/sequencer.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

using eventstore::Position;
using projections::Freshness;

// Of an instant, in the tenant's zone where it is a date. Locks the views for this only.
absl::StatusOr<int64_t> KnownMicros(const ReadCall& call, const v1::Instant& known_at) {
  ASSIGN_OR_RETURN(const projections::TenantRead views, call.Views());
  return projections::ResolveInstant(known_at, *views, "known_at");
}

absl::StatusOr<Position> KnownPosition(const ReadCall& call, const v1::Instant& known_at) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, call.core.log.Head(call.call.tenant));
  if (known_at.has_position()) {
    const bool exists = known_at.position() >= 0 &&
                        static_cast<uint64_t>(known_at.position()) <= head.position.value;
    if (exists) return Position{static_cast<uint64_t>(known_at.position())};
    return base::InvalidField(
        "known_at", absl::StrCat("expected a position from 0 to the head, ", head.position.value,
                                 ", found ", known_at.position()));
  }
  ASSIGN_OR_RETURN(const int64_t micros, KnownMicros(call, known_at));
  if (micros > call.now_us) {
    return base::InvalidField("known_at",
                              "expected an instant that is not in the future: nothing is known of "
                              "what will be recorded; found one ahead of the server's clock");
  }
  return commands::PositionAt(call.core.log, call.core.sequencers, call.call.tenant, micros);
}

const ReadCall::Known* FindKnown(const ReadCall& call, const v1::Instant& instant) {
  for (const ReadCall::Known& known : call.known) {
    if (google::protobuf::util::MessageDifferencer::Equals(known.instant, instant)) return &known;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<projections::TenantRead> ReadCall::Views() const {
  // The call has waited already; but what the sequencer said since may be newer than what it waited
  // for, and an answer with less would not be the one that the next asker gets.
  Freshness freshness{.kind = Freshness::Kind::kAny, .views = projections::AsNames(reads)};
  for (const Known& each : known) {
    freshness.kind = Freshness::Kind::kAtLeast;
    freshness.position = std::max(freshness.position, each.position);
  }
  return core.runner.Read(call.tenant, freshness, ReadDeadline(core, call));
}

absl::Status ResolveKnown(const v1::Instant& known_at, ReadCall& call) {
  if (known_at.instant_case() == v1::Instant::INSTANT_NOT_SET) return absl::OkStatus();
  if (FindKnown(call, known_at) != nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Position position, KnownPosition(call, known_at));
  call.known.push_back({known_at, position});
  return absl::OkStatus();
}

absl::StatusOr<projections::PageRequest> ReadCall::OpenPage(
    int32_t page_size, std::string_view token, const google::protobuf::Message& query) const {
  ASSIGN_OR_RETURN(const size_t size, CheckPageSize(page_size));
  ASSIGN_OR_RETURN(std::string after,
                   OpenCursor(core.page_token_key, call, call.method->path, query, token));
  return projections::PageRequest{.size = size, .after = std::move(after)};
}

std::string ReadCall::SealPage(const google::protobuf::Message& query,
                               std::string_view cursor) const {
  return SealCursor(core.page_token_key, call, call.method->path, query, cursor);
}

absl::StatusOr<projections::AsKnown> ResolveAsKnown(const ReadCall& call,
                                                    const projections::TenantViews& views,
                                                    const v1::Instant* as_of,
                                                    const v1::Instant* known_at) {
  projections::AsKnown when;
  if (as_of != nullptr && as_of->instant_case() != v1::Instant::INSTANT_NOT_SET) {
    if (as_of->has_position()) {
      return base::InvalidField("as_of",
                                "expected a time or a date, found a position; positions say what "
                                "was recorded: use known_at");
    }
    ASSIGN_OR_RETURN(when.as_of_us, projections::ResolveInstant(*as_of, views, "as_of"));
  }
  if (known_at != nullptr && known_at->instant_case() != v1::Instant::INSTANT_NOT_SET) {
    const ReadCall::Known* known = FindKnown(call, *known_at);
    DEALOG_CHECK(known != nullptr) << "known_at is resolved before the views are locked";
    DEALOG_CHECK(known->position <= views.position()) << views.position().value;
    when.known_position = known->position;
  }
  return when;
}

absl::StatusOr<Freshness> ResolveFreshness(const Core& core, const Call& call,
                                           const v1::Consistency* consistency) {
  if (consistency == nullptr) return Freshness{};
  if (consistency->minimize_latency()) return Freshness{.kind = Freshness::Kind::kAny};
  if (!consistency->has_at_least()) return Freshness{};
  ASSIGN_OR_RETURN(const commands::Token token, commands::DecodeToken(consistency->at_least()));
  if (token.partition != core.log.PartitionOf(call.tenant)) {
    return base::InvalidField("consistency.at_least",
                              "expected a token of this tenant, found one of another partition");
  }
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, core.log.Head(call.tenant));
  if (token.owner_epoch != core.log.BatchHead(token.partition).owner_epoch) {
    RETURN_IF_ERROR(core.forks.Check(token.partition, call.tenant, token.owner_epoch,
                                     token.position, head.position));
  }
  if (token.position > head.position) {
    return base::InvalidField(
        "consistency.at_least",
        absl::StrCat("expected a token of this tenant's log, whose head is ", head.position.value,
                     ", found position ", token.position.value));
  }
  return Freshness{.kind = Freshness::Kind::kAtLeast, .position = token.position};
}

absl::Time ReadDeadline(const Core& core, const Call& call) {
  const absl::Time now = absl::FromUnixMicros(core.clock.NowMicros());
  if (call.deadline == absl::InfiniteFuture()) return now + kReadWait;
  return std::min(call.deadline - kReplyMargin, now + kReadWaitMax);
}

}  // namespace dealog::rpc
