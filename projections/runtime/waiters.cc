#include "projections/runtime/waiters.h"

#include <algorithm>
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
  DEALOG_CHECK(wait.tenant != nullptr);
  absl::Status closed;
  {
    base::MutexLock lock(mu_);
    if (!closed_) {
      waiting_[wait.tenant->id].emplace(wait.position, std::move(wait));
      return;
    }
    closed = *closed_;
  }
  wait.done(closed);
}

void Waiters::Reached(const TenantState& tenant) {
  std::vector<FreshCallback> done;
  {
    base::MutexLock lock(mu_);
    const auto found = waiting_.find(tenant.id);
    if (found == waiting_.end()) return;
    PerTenant& waits = found->second;
    const auto end = waits.upper_bound(eventstore::Position{tenant.reached});
    for (auto it = waits.begin(); it != end;) {
      if (tenant.Serves(it->second.views, it->first)) {
        done.push_back(std::move(it->second.done));
        it = waits.erase(it);
      } else {
        ++it;
      }
    }
    if (waits.empty()) waiting_.erase(found);
  }
  for (const FreshCallback& callback : done) callback(absl::OkStatus());
}

void Waiters::Expire(absl::Time now) {
  std::vector<FreshWait> expired;
  {
    base::MutexLock lock(mu_);
    for (auto& [tenant, waits] : waiting_) {
      std::erase_if(waits, [&](auto& entry) {
        if (entry.second.deadline > now) return false;
        expired.push_back(std::move(entry.second));
        return true;
      });
    }
    std::erase_if(waiting_, [](const auto& entry) { return entry.second.empty(); });
  }
  for (const FreshWait& wait : expired) wait.done(Behind(wait.position));
}

absl::Time Waiters::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  base::MutexLock lock(mu_);
  for (const auto& [tenant, waits] : waiting_) {
    for (const auto& [position, wait] : waits) next = std::min(next, wait.deadline);
  }
  return next;
}

void Waiters::Close(const absl::Status& status) {
  std::map<eventstore::TenantId, PerTenant> waiting;
  {
    base::MutexLock lock(mu_);
    closed_ = status;
    waiting.swap(waiting_);
  }
  for (auto& [tenant, waits] : waiting) {
    for (auto& [position, wait] : waits) wait.done(status);
  }
}

}  // namespace dealog::projections
