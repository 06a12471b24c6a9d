#include "projections/runtime/waiters.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"

namespace dealog::projections {
namespace {

absl::Status Behind(eventstore::Position position) {
  return base::Error(absl::StatusCode::kUnavailable, "VIEW_BEHIND",
                     absl::StrCat("the views have not folded position ", position.value,
                                  " before the deadline; retry, or read with minimize_latency"))
      .RetryAfter(absl::Milliseconds(100));
}

}  // namespace

void Waiters::Add(FreshWait wait) {
  DEALOG_CHECK(wait.tenant.get() != nullptr);
  absl::Status closed;
  {
    base::MutexLock lock(mu_);
    if (!closed_) {
      const Key key{wait.deadline, ++count_};
      const bool for_commit = wait.tenant->reached < wait.position.value;
      for_commits_ += for_commit ? 1 : 0;
      by_tenant_[wait.tenant->id].emplace(wait.position, key);
      waits_.emplace(key, Entry{std::move(wait), for_commit});
      return;
    }
    closed = *closed_;
  }
  wait.done(closed);
}

FreshWait Waiters::TakeLocked(const Key& key) {
  auto entry = waits_.extract(key);
  DEALOG_CHECK(!entry.empty()) << "a wait is known by its tenant alone";
  for_commits_ -= entry.mapped().for_commit ? 1 : 0;
  return std::move(entry.mapped().wait);
}

void Waiters::Reached(const TenantState& tenant) {
  std::vector<FreshWait> done;
  {
    base::MutexLock lock(mu_);
    const auto found = by_tenant_.find(tenant.id);
    if (found == by_tenant_.end()) return;
    PerTenant& waits = found->second;
    const auto end = waits.upper_bound(eventstore::Position{tenant.reached});
    for (auto it = waits.begin(); it != end;) {
      if (tenant.Serves(waits_.at(it->second).wait.views, it->first)) {
        done.push_back(TakeLocked(it->second));
        it = waits.erase(it);
      } else {
        ++it;
      }
    }
    if (waits.empty()) by_tenant_.erase(found);
  }
  for (const FreshWait& wait : done) wait.done(absl::OkStatus());
}

void Waiters::Expire(absl::Time now) {
  std::vector<FreshWait> expired;
  {
    base::MutexLock lock(mu_);
    while (!waits_.empty() && waits_.begin()->first.first <= now) {
      const Key key = waits_.begin()->first;
      FreshWait& wait = expired.emplace_back(TakeLocked(key));
      const auto found = by_tenant_.find(wait.tenant->id);
      std::erase_if(found->second, [&key](const auto& entry) { return entry.second == key; });
      if (found->second.empty()) by_tenant_.erase(found);
    }
  }
  for (const FreshWait& wait : expired) wait.done(Behind(wait.position));
}

absl::Time Waiters::NextDeadline() const {
  base::MutexLock lock(mu_);
  return waits_.empty() ? absl::InfiniteFuture() : waits_.begin()->first.first;
}

bool Waiters::AnyForCommits() const {
  base::MutexLock lock(mu_);
  return for_commits_ > 0;
}

void Waiters::Close(const absl::Status& status) {
  std::map<Key, Entry> waits;
  {
    base::MutexLock lock(mu_);
    closed_ = status;
    waits.swap(waits_);
    by_tenant_.clear();
    for_commits_ = 0;
  }
  for (const auto& [key, entry] : waits) entry.wait.done(status);
}

}  // namespace dealog::projections
