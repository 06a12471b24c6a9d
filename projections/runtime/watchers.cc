#include "projections/runtime/watchers.h"

#include <utility>

namespace dealog::projections {
namespace {

// Tells threads apart: each has a variable of its own.
const void* ThisThread() {
  thread_local const char own = 0;
  return &own;
}

}  // namespace

void Watchers::Add(uint64_t id, TenantPtr tenant, std::function<void()> changed) {
  base::MutexLock lock(mu_);
  Watched& watched = watchers_[tenant->id];
  if (watched.watchers.empty()) watched.tenant = TenantHold(std::move(tenant));
  watched.watchers.emplace(id, std::move(changed));
}

void Watchers::Remove(uint64_t id) {
  base::MutexLock lock(mu_);
  for (auto it = watchers_.begin(); it != watchers_.end(); ++it) {
    if (it->second.watchers.erase(id) == 0) continue;
    if (it->second.watchers.empty()) watchers_.erase(it);
    break;
  }
  while (calling_ == id && caller_ != ThisThread()) call_ended_.Wait(mu_);
}

void Watchers::Notify(const eventstore::TenantId& tenant) {
  const base::MutexLock one_at_a_time(notify_mu_);
  std::vector<uint64_t> ids;
  {
    base::MutexLock lock(mu_);
    const auto found = watchers_.find(tenant);
    if (found == watchers_.end()) return;
    for (const auto& [id, changed] : found->second.watchers) ids.push_back(id);
  }
  for (const uint64_t id : ids) {
    std::function<void()> changed;
    {
      base::MutexLock lock(mu_);
      const auto found = watchers_.find(tenant);
      if (found == watchers_.end()) return;
      const auto watcher = found->second.watchers.find(id);
      if (watcher == found->second.watchers.end()) continue;
      changed = watcher->second;
      calling_ = id;
      caller_ = ThisThread();
    }
    changed();
    base::MutexLock lock(mu_);
    calling_ = 0;
    call_ended_.NotifyAll();
  }
}

}  // namespace dealog::projections
