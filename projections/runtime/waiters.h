#pragma once

// Reads that wait until a tenant's views have folded a position.

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/types.h"
#include "projections/runtime/tenant_state.h"

namespace dealog::projections {

using FreshCallback = std::function<void(absl::Status)>;

// What a read waits for.
struct FreshWait {
  // Who waits holds the tenant: were it to leave, nobody would say when it got there.
  TenantHold tenant;
  eventstore::Position position;
  ViewSet views = 0;
  absl::Time deadline;
  bool passing = false;  // See Freshness.
  FreshCallback done;
};

// Thread safety: yes. Callbacks run on the thread that completes them, without locks held, while
// the tenant is still held.
class Waiters {
 public:
  // Completes at once if closed.
  void Add(FreshWait wait);
  // Completes those that need not wait any more.
  void Reached(const TenantState& tenant);
  // Fails those whose deadline passed with UNAVAILABLE / VIEW_BEHIND.
  void Expire(absl::Time now);
  // The earliest deadline; InfiniteFuture if nobody waits.
  absl::Time NextDeadline() const;
  // True if somebody waits for a commit to be folded: who waits for a load is served by the loader.
  bool AnyForCommits() const;
  // Fails all, and whoever comes later.
  void Close(const absl::Status& status);

 private:
  using Key = std::pair<absl::Time, uint64_t>;  // Deadline, number.
  struct Entry {
    FreshWait wait;
    bool for_commit = false;  // The tenant was not at its position when it came.
  };
  // By position, of one tenant.
  using PerTenant = std::multimap<eventstore::Position, Key>;

  // Takes it out of `waits_`; the caller does so of its tenant's.
  FreshWait TakeLocked(const Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable base::Mutex mu_;
  std::map<Key, Entry> waits_ ABSL_GUARDED_BY(mu_);
  std::map<eventstore::TenantId, PerTenant> by_tenant_ ABSL_GUARDED_BY(mu_);
  uint64_t count_ ABSL_GUARDED_BY(mu_) = 0;
  size_t for_commits_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<absl::Status> closed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
