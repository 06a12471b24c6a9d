#include "projections/runtime/eviction.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "projections/runtime/flush.h"

namespace dealog::projections {

bool Evict(Shared& shared, const TenantPtr& tenant) {
  if (tenant.use_count() > 2) return false;  // A glance; Remove looks again under its lock.
  bool flushed = false;
  {
    ViewWrite write;
    base::WriterLock lock(tenant->mu);
    flushed = CollectTenant(*tenant, shared.views, write);
    if (flushed) {
      shared.store_worker.Write(std::move(write), [state = tenant.get()] { --state->unwritten; });
    }
  }
  if (flushed) shared.store_worker.RunAndWait([] {});
  if (!shared.tenants.Remove(tenant)) return false;
  ++shared.evictions;
  return true;
}

bool MakeRoom(Shared& shared, size_t more) {
  const size_t budget = shared.options.memory_bytes_max;
  const auto fits = [&] {
    const size_t held = shared.tenants.bytes();
    return budget == 0 || held == 0 || held + more <= budget;
  };
  if (fits()) return true;
  std::vector<std::pair<int64_t, TenantPtr>> by_use;
  for (TenantPtr& tenant : shared.tenants.All()) {
    if (tenant->bytes > 0) by_use.emplace_back(tenant->used_us, std::move(tenant));
  }
  std::sort(by_use.begin(), by_use.end());
  for (auto& [used_us, tenant] : by_use) {
    if (fits() || shared.stopping) break;
    Evict(shared, tenant);
    tenant.reset();
  }
  return fits();
}

}  // namespace dealog::projections
