#pragma once

// Reads that wait until a tenant's views have folded a position.

#include <functional>
#include <map>
#include <optional>
#include <string_view>
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
  TenantPtr tenant;
  eventstore::Position position;
  ViewSet views = 0;
  absl::Time deadline;
  FreshCallback done;
};

// Thread safety: yes. Callbacks run on the thread that completes them, without locks held.
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
  // Fails all, and whoever comes later.
  void Close(const absl::Status& status);

 private:
  using PerTenant = std::multimap<eventstore::Position, FreshWait>;

  mutable base::Mutex mu_;
  std::map<eventstore::TenantId, PerTenant> waiting_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> closed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
