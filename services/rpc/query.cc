#include "services/rpc/query.h"

#include <utility>

#include "eventstore/base/error.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {

using projections::Freshness;

void QueryCall::Start(std::unique_ptr<QueryCall> query) {
  if (const absl::Status admitted = query->call_.Admit(query->request()); !admitted.ok()) {
    query->call_.Refuse(admitted);
    return;
  }
  if (query->reads().empty()) {
    Dispatch(std::move(query));
    return;
  }
  const UnaryCall& call = query->call_;
  auto freshness = ResolveFreshness(call.core(), call.call(), query->consistency());
  if (!freshness.ok()) {
    query->call_.Refuse(freshness.status());
    return;
  }
  freshness->views = projections::AsNames(query->reads());
  query.release()->Await(*std::move(freshness));
}

// Two may come last: this thread, leaving WhenFresh, or the runner's, calling back. Whoever does
// goes on. If it is the runner, the answer is computed on an executor, never on its thread.
void QueryCall::Await(Freshness freshness) {
  const Core& core = call_.core();
  core.runner.WhenFresh(call_.call().tenant, std::move(freshness), ReadDeadline(core, call_.call()),
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
  // What is only to be told that it failed does not queue behind computations.
  const bool computes = query->weight() == Weight::kHeavy && query->waited_.ok();
  Executors& executors = query->call_.core().executors;
  FairExecutor& executor = computes ? executors.computations : executors.reads;
  QueryCall* const raw = query.release();
  const absl::Status queued = executor.Submit(raw->call_.call().tenant,
                                              [raw] { std::unique_ptr<QueryCall>(raw)->Finish(); });
  if (queued.ok()) return;
  query.reset(raw);
  query->call_.Refuse(queued);
}

void QueryCall::Finish() {
  absl::Status status = waited_;
  if (status.ok() && call_.cancelled()) {
    status = base::Error(absl::StatusCode::kCancelled, "CANCELLED",
                         "the call was cancelled before its answer was computed");
  }
  if (status.ok()) {
    status = Answer({.core = call_.core(),
                     .call = call_.call(),
                     .now_us = call_.core().clock.NowMicros(),
                     .reads = reads()});
  }
  if (status.ok()) {
    call_.Reply(response());
  } else {
    call_.Refuse(status);
  }
}

}  // namespace dealog::rpc
