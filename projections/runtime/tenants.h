#pragma once

// The tenants of a partition whose views are resident, loaded when they are first needed.

#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"
#include "projections/runtime/progress.h"
#include "projections/runtime/tenant_state.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Thread safety: Find and Each from any thread; the rest from the follower's thread.
// Ownership: what it is made of must outlive it.
class Tenants {
 public:
  // Told of a view whose stored rows don't load.
  using Damaged = std::function<void(ViewIndex, const absl::Status&)>;

  Tenants(const eventstore::EventLog& log, const ViewStore& store,
          std::span<const ViewDefinition> views, const Progress& progress, Damaged damaged)
      : log_(log),
        store_(store),
        views_(views),
        progress_(progress),
        damaged_(std::move(damaged)) {}

  // Null if the tenant is not resident. The state lives as long as this object.
  TenantState* Find(const eventstore::TenantId& id) const;
  // Loads the tenant if it is not resident.
  TenantState& Get(const eventstore::TenantId& id);
  void Each(const std::function<void(TenantState&)>& visit) const;
  // Makes the view's states empty, as before the first event.
  void Reset(ViewIndex view);

 private:
  void Load(TenantState& tenant);
  absl::StatusOr<eventstore::Position> LoadView(TenantState& tenant, ViewIndex view,
                                                ViewState& state) const;
  int64_t RecordedAt(const eventstore::TenantId& id, eventstore::Position position) const;

  const eventstore::EventLog& log_;
  const ViewStore& store_;
  const std::span<const ViewDefinition> views_;
  const Progress& progress_;
  const Damaged damaged_;
  mutable base::Mutex mu_;
  std::map<eventstore::TenantId, std::unique_ptr<TenantState>> tenants_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
