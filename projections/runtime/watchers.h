#pragma once

// Who wants to be told that a tenant's views changed.

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/types.h"
#include "projections/runtime/tenant_state.h"

namespace dealog::projections {

// Thread safety: yes. A watcher is called by one thread at a time.
// Ownership: holds the tenants that are watched, so that they stay resident.
class Watchers {
 public:
  void Add(uint64_t id, TenantPtr tenant, std::function<void()> changed);
  // After it returns the watcher is not called any more: it waits for a call that runs now, unless
  // that call is its own caller.
  void Remove(uint64_t id);
  // Calls the tenant's watchers, without locks held.
  void Notify(const eventstore::TenantId& tenant);

 private:
  struct Watched {
    TenantHold tenant;
    std::map<uint64_t, std::function<void()>> watchers;
  };
  base::Mutex notify_mu_;  // Held while watchers are called; taken before mu_.
  base::Mutex mu_;
  base::CondVar call_ended_;
  std::map<eventstore::TenantId, Watched> watchers_ ABSL_GUARDED_BY(mu_);
  uint64_t calling_ ABSL_GUARDED_BY(mu_) = 0;          // 0: nobody.
  const void* caller_ ABSL_GUARDED_BY(mu_) = nullptr;  // The thread that calls.
};

}  // namespace dealog::projections
