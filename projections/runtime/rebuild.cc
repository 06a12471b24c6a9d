#include "projections/runtime/rebuild.h"

#include <algorithm>

#include "eventstore/base/error.h"
#include "projections/runtime/fold.h"

namespace dealog::projections {
namespace {

// A flush that a follower was making when the slots began anew is with the store after this.
void AwaitFlushes(std::span<const std::unique_ptr<Follower>> followers) {
  for (const auto& follower : followers) follower->RunAndWait([] {});
}

}  // namespace

absl::Status RebuildViews(Shared& shared, std::span<const std::unique_ptr<Follower>> followers,
                          std::span<const ViewIndex> views) {
  shared.tenants.BeginDrop(views);
  AwaitFlushes(followers);
  absl::Status dropped;
  std::vector<TenantPtr> waiting;
  shared.store_worker.RunAndWait([&] {
    for (const ViewIndex view : views) dropped.Update(shared.store.Drop(shared.views[view].name));
    waiting = shared.tenants.EndDrop(views, dropped);
  });
  for (const TenantPtr& tenant : waiting) {
    shared.loader.Add(tenant, Loader::Urgency::kBackground);
    if (!dropped.ok()) shared.changed(tenant, 0);
  }
  if (dropped.ok()) Survey(shared);
  return dropped;
}

absl::Status RebuildTenant(Shared& shared, Follower& follower, const TenantPtr& tenant,
                           std::span<const ViewIndex> views) {
  shared.tenants.BeginDrop(*tenant, views);
  follower.RunAndWait([] {});
  absl::Status dropped;
  shared.store_worker.RunAndWait([&] {
    for (const ViewIndex view : views) {
      dropped.Update(shared.store.DropTenant(shared.views[view].name, tenant->id));
    }
    shared.tenants.EndDrop(*tenant, views, dropped);
  });
  shared.loader.Add(tenant, Loader::Urgency::kBackground);
  if (!dropped.ok()) shared.changed(tenant, 0);
  return dropped;
}

void Survey(Shared& shared) {
  for (const eventstore::TenantId& id : shared.log.Tenants()) {
    if (shared.stopping) return;
    const auto head = shared.log.Head(id);
    if (!head.ok()) continue;
    uint64_t lag = 0;
    bool refresh = false;
    for (const ViewDefinition& view : shared.views) {
      const absl::StatusOr<SlotPoint> point = shared.store.ReadApplied(view.name, id);
      if (!point.ok() || KnowsOneOf(point->unknown)) {
        refresh = true;
        continue;
      }
      const uint64_t position = std::min(point->position, head->position).value;
      lag = std::max(lag, head->position.value - position);
    }
    refresh |= shared.tenants.Passed(id, lag, shared.options.cold_events_max);
    // One that is being read has slots that nobody reads, perhaps.
    refresh |= lag > shared.options.cold_events_max;
    if (!refresh) continue;
    const absl::StatusOr<TenantPtr> tenant = shared.tenants.FindOrAdd(id);
    if (tenant.ok()) shared.Refresh(*tenant);
  }
}

}  // namespace dealog::projections
