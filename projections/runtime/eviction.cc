#include "projections/runtime/eviction.h"

#include <utility>
#include <vector>

#include "eventstore/base/one_shot.h"
#include "projections/runtime/flush.h"

namespace dealog::projections {
namespace {

// True if so much more fits beside all others. `grows` may be null.
bool MakeRoom(Shared& shared, const TenantState* grows, size_t more)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared.room_mu) {
  const size_t budget = shared.options.memory_bytes_max;
  const auto fits = [&] {
    const size_t held = shared.tenants.bytes();
    const size_t own = grows == nullptr ? 0 : grows->bytes.load();
    return held <= own || held + more <= budget;
  };
  if (fits()) return true;
  for (const auto& [used_us, id] : shared.tenants.ByUse()) {
    if (grows != nullptr && id == grows->id) continue;
    if (const TenantPtr tenant = shared.tenants.Find(id)) Evict(shared, tenant);
    if (fits() || shared.stopping) break;
  }
  return fits();
}

}  // namespace

bool Evict(Shared& shared, const TenantPtr& tenant) {
  if (tenant.use_count() > 2) return false;  // A glance; Remove looks again under its lock.
  base::OneShot<bool> written;
  bool flushed = false;
  {
    ViewWrite write;
    base::WriterLock lock(tenant->mu);
    flushed = CollectTenant(*tenant, shared.views, write);
    if (flushed) {
      shared.store_worker.Write(std::move(write), [state = tenant.get(), &written] {
        --state->unwritten;
        written.Set(true);
      });
    }
  }
  if (flushed) written.Wait();
  if (!shared.tenants.Remove(tenant)) return false;
  ++shared.evictions;
  return true;
}

bool Reserve(Shared& shared, TenantState& tenant, size_t more) {
  if (shared.options.memory_bytes_max == 0) return true;
  // Two that look at the same time would both find the same room.
  base::MutexLock one_at_a_time(shared.room_mu);
  if (!MakeRoom(shared, &tenant, more)) return false;
  shared.tenants.SetBytes(tenant, tenant.bytes + more);
  return true;
}

void Trim(Shared& shared) {
  if (shared.options.memory_bytes_max == 0) return;
  base::MutexLock one_at_a_time(shared.room_mu);
  MakeRoom(shared, nullptr, 0);
}

}  // namespace dealog::projections
