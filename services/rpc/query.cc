#include "services/rpc/query.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/commands/sequencer.h"
#include "services/rpc/instants.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

using eventstore::Position;
using projections::Freshness;

absl::StatusOr<Position> KnownPosition(const ReadCall& call, const projections::TenantViews& views,
                                       const v1::Instant& known_at) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, call.core.log.Head(call.call.tenant));
  if (known_at.has_position()) {
    const bool exists = known_at.position() >= 0 &&
                        static_cast<uint64_t>(known_at.position()) <= head.position.value;
    if (exists) return Position{static_cast<uint64_t>(known_at.position())};
    return base::InvalidField(
        "known_at", absl::StrCat("expected a position from 0 to the head, ", head.position.value,
                                 ", found ", known_at.position()));
  }
  ASSIGN_OR_RETURN(const int64_t micros, projections::ResolveInstant(known_at, views, "known_at"));
  if (micros > call.now_us) {
    return base::InvalidField("known_at",
                              "expected an instant that is not in the future: nothing is known of "
                              "what will be recorded; found one ahead of the server's clock");
  }
  return call.core.log.PositionAt(call.call.tenant, micros);
}

}  // namespace

absl::StatusOr<projections::TenantRead> ReadCall::Views() const {
  return core.runner.Read(call.tenant, {.kind = Freshness::Kind::kAny}, ReadDeadline(core, call));
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
    ASSIGN_OR_RETURN(when.known_position, KnownPosition(call, views, *known_at));
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

void QueryCall::Start(std::unique_ptr<QueryCall> query) {
  if (const absl::Status admitted = query->call_.Admit(query->request()); !admitted.ok()) {
    query->call_.Refuse(admitted);
    return;
  }
  if (!query->waits()) {
    Dispatch(std::move(query));
    return;
  }
  const UnaryCall& call = query->call_;
  const auto freshness = ResolveFreshness(call.core(), call.call(), query->consistency());
  if (!freshness.ok()) {
    query->call_.Refuse(freshness.status());
    return;
  }
  query.release()->Await(*freshness);
}

// Two may come last: this thread, leaving WhenFresh, or the runner's, calling back. Whoever does
// goes on. If it is the runner, the answer is computed on the executor, never on its thread.
void QueryCall::Await(Freshness freshness) {
  const Core& core = call_.core();
  core.runner.WhenFresh(call_.call().tenant, freshness, ReadDeadline(core, call_.call()),
                        [this](absl::Status status) {
                          waited_ = std::move(status);
                          if (phase_.exchange(Phase::kFresh) == Phase::kWaiting) {
                            Enqueue(std::unique_ptr<QueryCall>(this));
                          }
                        });
  if (phase_.exchange(Phase::kWaiting) == Phase::kFresh) {
    Dispatch(std::unique_ptr<QueryCall>(this));
  }
}

void QueryCall::Dispatch(std::unique_ptr<QueryCall> query) {
  if (query->weight() == Weight::kLight || !query->waited_.ok()) {
    query->Finish();
  } else {
    Enqueue(std::move(query));
  }
}

void QueryCall::Enqueue(std::unique_ptr<QueryCall> query) {
  Executor& executor = query->call_.core().executor;
  QueryCall* const raw = query.release();
  const bool queued = executor.Submit([raw] { std::unique_ptr<QueryCall>(raw)->Finish(); });
  if (queued) return;
  query.reset(raw);
  query->call_.Refuse(base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                                  "too many reads wait; try again in a moment")
                          .RetryAfter(kOverloadedRetry));
}

void QueryCall::Finish() {
  absl::Status status = waited_;
  if (status.ok() && call_.cancelled()) {
    status = base::Error(absl::StatusCode::kCancelled, "CANCELLED",
                         "the call was cancelled before its answer was computed");
  }
  if (status.ok()) {
    status = Answer(
        {.core = call_.core(), .call = call_.call(), .now_us = call_.core().clock.NowMicros()});
  }
  if (status.ok()) {
    call_.Reply(response());
  } else {
    call_.Refuse(status);
  }
}

}  // namespace dealog::rpc
