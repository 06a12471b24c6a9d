#pragma once

// Threads that load tenants: each at one tenant at a time, what reads wait for first.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "projections/runtime/tenant_state.h"

namespace dealog::projections {

// Thread safety: yes. Ownership: shares the tenants that wait.
class Loader {
 public:
  enum class Urgency { kRead, kBackground };
  struct Steps {
    // False if there is no room for the tenant now: it waits on.
    std::function<bool(const TenantPtr&)> may_start;
    // Brings what is behind of the tenant up to date; after an error it is tried again later.
    std::function<absl::Status(const TenantPtr&)> load;
    // It was brought up to date, and nobody asked for more meanwhile. False: look at it again, a
    // little later.
    std::function<bool(const TenantPtr&)> done;
  };

  Loader() = default;
  ~Loader() { Stop(); }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Once, before Add.
  void Start(size_t threads, Steps steps);
  // The tenant has slots that are behind, perhaps. One that waits already waits no longer than
  // asked for now; one that is being loaded is looked at again.
  void Add(const TenantPtr& tenant, Urgency urgency);
  // Tenants that wait or are being loaded.
  size_t size() const;
  // Forgets who waits and ends the threads; loads must end by themselves. Idempotent.
  void Stop();

 private:
  struct Entry {
    TenantPtr tenant;
    Urgency urgency = Urgency::kBackground;
    uint64_t number = 0;        // In the order of Add.
    int64_t not_before_us = 0;  // Monotonic.
  };
  void Loop();
  void Work(Entry entry);
  // The most urgent entry that may run now; false: `wait_us` until there may be one.
  bool Take(Entry& entry, int64_t& wait_us) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void PutBack(Entry entry, int64_t delay_us);
  void Wait(Entry entry, int64_t delay_us) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Steps steps_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::map<TenantState*, Entry> waiting_ ABSL_GUARDED_BY(mu_);
  std::map<TenantState*, bool> running_ ABSL_GUARDED_BY(mu_);  // True: asked for again.
  uint64_t count_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<base::Worker> workers_;
};

}  // namespace dealog::projections
