#include "services/rpc/fair_executor.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

// Linux keeps a nice value per thread. Where it can't be raised the work is done all the same.
void RaiseNice(int by) {
  if (by == 0) return;
  const auto thread = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + by);
}

}  // namespace

FairExecutor::FairExecutor(FairExecutorOptions options)
    : options_(std::move(options)),
      running_max_(static_cast<size_t>(std::max(1, options_.threads - 1))) {
  DEALOG_CHECK(options_.threads >= 1) << options_.name;
  workers_.reserve(options_.threads);
  for (int i = 0; i < options_.threads; ++i) {
    workers_.emplace_back(absl::StrCat("rpc-", options_.name, "-", i), [this] { Run(); });
  }
}

FairExecutor::~FairExecutor() { Stop(); }

absl::Status FairExecutor::Submit(const eventstore::TenantId& tenant, std::function<void()> task) {
  base::MutexLock lock(mu_);
  if (stopping_) {
    return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                       "the server is stopping; try again in a moment")
        .RetryAfter(absl::Seconds(1));
  }
  const auto found = tenants_.find(tenant.value);
  const size_t of_tenant =
      found == tenants_.end() ? 0 : found->second.waiting.size() + found->second.running;
  if (waiting_ >= options_.queue_max || of_tenant >= options_.per_tenant_max) {
    return Refusal(of_tenant);
  }
  const auto entry = tenants_.try_emplace(tenant.value).first;
  entry->second.waiting.push_back(std::move(task));
  ++waiting_;
  GiveTurn(entry);
  return absl::OkStatus();
}

absl::Status FairExecutor::Refusal(size_t of_tenant) const {
  const bool tenants = of_tenant >= options_.per_tenant_max;
  const size_t limit = tenants ? options_.per_tenant_max : options_.queue_max;
  return base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                     absl::StrCat("expected at most ", limit, " ", options_.name, " of ",
                                  tenants ? "a tenant" : "all tenants",
                                  " to be under way at once, found as many; try again in a moment"))
      .With("limit", absl::StrCat(options_.name, tenants ? "_per_tenant" : ""))
      .RetryAfter(kOverloadedRetry);
}

void FairExecutor::Stop() {
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  workers_.clear();
}

void FairExecutor::GiveTurn(Tenants::iterator tenant) {
  Tenant& state = tenant->second;
  if (state.has_turn || state.waiting.empty() || state.running >= running_max_) return;
  state.has_turn = true;
  turns_.push_back(tenant);
  changed_.NotifyOne();
}

void FairExecutor::Run() {
  RaiseNice(options_.nice);
  base::MutexLock lock(mu_);
  for (;;) {
    // Once it stops, what waits without a turn is run by the thread that ends its tenant's task.
    while (turns_.empty() && !stopping_) changed_.Wait(mu_);
    if (turns_.empty()) return;
    const Tenants::iterator tenant = turns_.front();
    turns_.pop_front();
    Tenant& state = tenant->second;
    DEALOG_CHECK(state.has_turn && !state.waiting.empty()) << tenant->first;
    state.has_turn = false;
    std::function<void()> task = std::move(state.waiting.front());
    state.waiting.pop_front();
    --waiting_;
    ++state.running;
    GiveTurn(tenant);
    mu_.Unlock();
    task();
    task = nullptr;  // What it holds goes before the lock is taken.
    mu_.Lock();
    --state.running;
    GiveTurn(tenant);
    if (state.waiting.empty() && state.running == 0) tenants_.erase(tenant);
  }
}

}  // namespace dealog::rpc
