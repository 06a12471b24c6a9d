#pragma once

// The resident views of one tenant, and the read that locks them.

#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/types.h"
#include "projections/projection.h"
#include "projections/runtime/progress.h"
#include "projections/tenant_views.h"

namespace dealog::projections {

// Thread safety: members guarded by `mu` are written by the follower's thread alone.
struct TenantState {
  struct Slot {
    std::unique_ptr<ViewState> state;
    eventstore::Position applied;  // Folded up to here; behind `position` during a rebuild.
  };

  explicit TenantState(eventstore::TenantId tenant) : id(std::move(tenant)) {}

  const eventstore::TenantId id;
  base::SharedMutex mu;
  std::vector<Slot> slots ABSL_GUARDED_BY(mu);  // By ViewIndex.
  eventstore::Position position ABSL_GUARDED_BY(mu);
  int64_t recorded_at_us ABSL_GUARDED_BY(mu) = 0;
  // `position`, for those who only ask whether it was reached.
  std::atomic<uint64_t> reached{0};
  // The follower's own: has rows that were not flushed.
  bool dirty = false;
};

// Locks the tenant for reading until the result is destroyed, on the same thread. `views`,
// `progress` and `tenant` must outlive it.
std::unique_ptr<const TenantViews> LockForRead(TenantState& tenant,
                                               std::span<const ViewDefinition> views,
                                               const Progress& progress);

}  // namespace dealog::projections
