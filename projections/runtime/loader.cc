#include "projections/runtime/loader.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {

void Loader::Start(size_t threads, Steps steps) {
  DEALOG_CHECK(workers_.empty() && threads > 0);
  steps_ = std::move(steps);
  for (size_t i = 0; i < std::min(threads, kLoaderThreadsMax); ++i) {
    workers_.emplace_back("views-load", [this] { Loop(); });
  }
}

void Loader::Add(const TenantPtr& tenant, Urgency urgency) {
  base::MutexLock lock(mu_);
  if (stopping_) return;
  if (const auto running = running_.find(tenant.get()); running != running_.end()) {
    running->second = true;
    return;
  }
  const auto [it, added] = waiting_.try_emplace(tenant.get());
  Entry& entry = it->second;
  if (added) {
    entry = {.tenant = tenant, .urgency = urgency, .number = ++count_};
  } else {
    entry.urgency = std::min(entry.urgency, urgency);
  }
  changed_.NotifyOne();
}

size_t Loader::size() const {
  base::MutexLock lock(mu_);
  return waiting_.size() + running_.size();
}

void Loader::Stop() {
  std::map<TenantState*, Entry> forgotten;
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    forgotten.swap(waiting_);
    changed_.NotifyAll();
  }
  for (base::Worker& worker : workers_) worker.Join();
}

bool Loader::Take(Entry& entry, int64_t& wait_us) {
  const int64_t now_us = base::MonotonicMicros();
  auto best = waiting_.end();
  wait_us = INT64_MAX;
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    if (it->second.not_before_us > now_us) {
      wait_us = std::min(wait_us, it->second.not_before_us - now_us);
      continue;
    }
    const auto rank = [](const Entry& of) { return std::tuple(of.urgency, of.number); };
    if (best == waiting_.end() || rank(it->second) < rank(best->second)) best = it;
  }
  if (best == waiting_.end()) return false;
  entry = std::move(best->second);
  waiting_.erase(best);
  DEALOG_CHECK(running_.emplace(entry.tenant.get(), false).second) << entry.tenant->id.value;
  return true;
}

void Loader::Loop() {
  for (;;) {
    Entry entry;
    {
      base::MutexLock lock(mu_);
      int64_t wait_us = 0;
      while (!stopping_ && !Take(entry, wait_us)) {
        if (wait_us == INT64_MAX) {
          changed_.Wait(mu_);
        } else {
          changed_.WaitFor(mu_, std::chrono::microseconds(wait_us));
        }
      }
      if (entry.tenant == nullptr) return;
    }
    Work(std::move(entry));
  }
}

void Loader::Work(Entry entry) {
  if (!steps_.may_start(entry.tenant)) {
    PutBack(std::move(entry), kRoomRetryMicros);
    return;
  }
  const absl::Status loaded = steps_.load(entry.tenant);
  if (!loaded.ok()) {
    PutBack(std::move(entry), kRetryMicros);
    return;
  }
  {
    base::MutexLock lock(mu_);
    const auto running = running_.find(entry.tenant.get());
    const bool again = running->second;
    running_.erase(running);
    if (again && !stopping_) {
      entry.urgency = Urgency::kRead;
      TenantState* const key = entry.tenant.get();
      waiting_.emplace(key, std::move(entry));
      changed_.NotifyOne();
      return;
    }
  }
  if (steps_.done(entry.tenant)) return;
  base::MutexLock lock(mu_);
  if (stopping_ || running_.contains(entry.tenant.get())) return;
  Wait(std::move(entry), kRoomRetryMicros);
}

void Loader::PutBack(Entry entry, int64_t delay_us) {
  base::MutexLock lock(mu_);
  const auto running = running_.find(entry.tenant.get());
  if (running->second) entry.urgency = Urgency::kRead;
  running_.erase(running);
  if (!stopping_) Wait(std::move(entry), delay_us);
}

void Loader::Wait(Entry entry, int64_t delay_us) {
  entry.not_before_us = base::MonotonicMicros() + delay_us;
  TenantState* const key = entry.tenant.get();
  waiting_.try_emplace(key, std::move(entry));  // Or it was asked for since, at once.
  changed_.NotifyOne();
}

}  // namespace dealog::projections
