#include "projections/runtime/tenants.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"

namespace dealog::projections {
namespace {

// Large states take their time to go: they do when no lock is held any more.
using Trash = std::vector<std::unique_ptr<ViewState>>;

// The slot begins a new life: what is resident of it is thrown away.
void StartAnew(Slot& slot, Trash& trash) {
  trash.push_back(std::move(slot.state));
  const int droppings = slot.droppings;
  const uint64_t life = slot.life;
  slot = {};
  slot.droppings = droppings + 1;
  slot.life = life + 1;
  slot.phase = Slot::Phase::kBehind;
  slot.behind_since_us = base::MonotonicMicros();
}

void SetFailed(Slot& slot, std::string reason) {
  slot.phase = Slot::Phase::kFailed;
  slot.failure = std::move(reason);
  DEALOG_CHECK(slot.state == nullptr);
  slot.behind_since_us = base::MonotonicMicros();
}

}  // namespace

Tenants::Tenants(const eventstore::EventLog& log, std::span<const ViewDefinition> views)
    : log_(log), views_(views), droppings_(views.size()), whole_failures_(views.size()) {
  DEALOG_CHECK(views.size() <= kViewsMax);
}

TenantPtr Tenants::Find(const eventstore::TenantId& id) const {
  base::MutexLock lock(mu_);
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : found->second;
}

absl::StatusOr<TenantPtr> Tenants::FindOrAdd(const eventstore::TenantId& id) {
  base::MutexLock lock(mu_);
  const auto found = tenants_.find(id);
  if (found != tenants_.end()) return found->second;
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(id));
  auto tenant = std::make_shared<TenantState>(id, log_.PartitionOf(id), views_.size());
  {
    base::WriterLock tenant_lock(tenant->mu);
    tenant->position = head.position;
    tenant->recorded_at_us = head.recorded_at_us;
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      Slot& slot = tenant->slots[i];
      slot.droppings = droppings_[i];
      const auto failure = failures_.find({i, id});
      if (!whole_failures_[i].empty()) {
        SetFailed(slot, whole_failures_[i]);
      } else if (failure != failures_.end()) {
        SetFailed(slot, failure->second.reason);
        slot.point.position = failure->second.position;
      }
    }
    tenant->cold_events = std::exchange(cold_[id].events_passed, 0);
    tenant->Settle();
  }
  tenants_.emplace(id, tenant);
  return tenant;
}

std::vector<eventstore::TenantId> Tenants::Ids() const {
  std::vector<eventstore::TenantId> ids;
  base::MutexLock lock(mu_);
  ids.reserve(tenants_.size());
  for (const auto& [id, tenant] : tenants_) ids.push_back(id);
  return ids;
}

size_t Tenants::size() const {
  base::MutexLock lock(mu_);
  return tenants_.size();
}

bool Tenants::Passed(const eventstore::TenantId& id, uint64_t events, uint64_t events_max) {
  base::MutexLock lock(mu_);
  if (tenants_.contains(id)) return false;
  uint64_t& passed = cold_[id].events_passed;
  passed += events;
  if (passed <= events_max) return false;
  passed = 0;
  return true;
}

// ---- Failures --------------------------------------------------------------------------------

void Tenants::Fail(TenantState& tenant, ViewIndex view, uint64_t life, const absl::Status& status) {
  Trash trash;
  base::MutexLock lock(mu_);
  base::WriterLock tenant_lock(tenant.mu);
  Slot& slot = tenant.slots[view];
  if (slot.life != life) return;
  trash.push_back(std::move(slot.state));
  SetFailed(slot, std::string(status.message()));
  failures_[{view, tenant.id}] = {slot.failure, slot.point.position};
  tenant.Settle();
}

Tenants::Failures Tenants::FailuresOf(ViewIndex view) const {
  base::MutexLock lock(mu_);
  Failures found{.reason = whole_failures_[view], .whole = !whole_failures_[view].empty()};
  for (auto it = failures_.lower_bound({view, {}}); it != failures_.end(); ++it) {
    if (it->first.first != view) break;
    ++found.tenants;
    if (found.reason.empty()) found.reason = it->second.reason;
  }
  return found;
}

std::vector<std::pair<eventstore::TenantId, eventstore::Position>> Tenants::ColdFailuresOf(
    ViewIndex view) const {
  std::vector<std::pair<eventstore::TenantId, eventstore::Position>> cold;
  base::MutexLock lock(mu_);
  for (const auto& [key, failure] : failures_) {
    if (key.first != view || tenants_.contains(key.second)) continue;
    cold.emplace_back(key.second, failure.position);
  }
  return cold;
}

// ---- Rebuilds --------------------------------------------------------------------------------

void Tenants::Forget(std::span<const ViewIndex> views, const eventstore::TenantId* tenant) {
  std::erase_if(failures_, [&](const auto& failure) {
    const bool chosen = std::find(views.begin(), views.end(), failure.first.first) != views.end();
    return chosen && (tenant == nullptr || failure.first.second == *tenant);
  });
}

void Tenants::BeginDrop(std::span<const ViewIndex> views) {
  Trash trash;
  base::MutexLock lock(mu_);
  Forget(views, nullptr);
  for (const ViewIndex view : views) {
    ++droppings_[view];
    whole_failures_[view].clear();
  }
  for (const auto& [id, tenant] : tenants_) {
    base::WriterLock tenant_lock(tenant->mu);
    for (const ViewIndex view : views) StartAnew(tenant->slots[view], trash);
    tenant->Settle();
  }
}

void Tenants::BeginDrop(TenantState& tenant, std::span<const ViewIndex> views) {
  Trash trash;
  base::MutexLock lock(mu_);
  Forget(views, &tenant.id);
  base::WriterLock tenant_lock(tenant.mu);
  for (const ViewIndex view : views) StartAnew(tenant.slots[view], trash);
  tenant.Settle();
}

std::vector<TenantPtr> Tenants::EndDrop(std::span<const ViewIndex> views,
                                        const absl::Status& dropped) {
  std::vector<TenantPtr> all;
  base::MutexLock lock(mu_);
  for (const ViewIndex view : views) {
    --droppings_[view];
    if (!dropped.ok()) whole_failures_[view] = std::string(dropped.message());
  }
  for (const auto& [id, tenant] : tenants_) {
    all.push_back(tenant);
    base::WriterLock tenant_lock(tenant->mu);
    for (const ViewIndex view : views) {
      Slot& slot = tenant->slots[view];
      DEALOG_CHECK(--slot.droppings >= 0) << id.value;
      if (!dropped.ok()) SetFailed(slot, std::string(dropped.message()));
    }
    tenant->Settle();
  }
  return all;
}

void Tenants::EndDrop(TenantState& tenant, std::span<const ViewIndex> views,
                      const absl::Status& dropped) {
  base::MutexLock lock(mu_);
  base::WriterLock tenant_lock(tenant.mu);
  for (const ViewIndex view : views) {
    Slot& slot = tenant.slots[view];
    DEALOG_CHECK(--slot.droppings >= 0) << tenant.id.value;
    if (dropped.ok()) continue;
    SetFailed(slot, std::string(dropped.message()));
    failures_[{view, tenant.id}] = {slot.failure, {}};
  }
  tenant.Settle();
}

// ---- Memory ----------------------------------------------------------------------------------

void Tenants::SetBytes(TenantState& tenant, size_t bytes) {
  bytes_ += bytes;
  bytes_ -= tenant.bytes.exchange(bytes);
}

size_t Tenants::HeldBytes(const eventstore::TenantId& id) const {
  size_t held = 0;
  base::MutexLock lock(mu_);
  for (const auto& [other, tenant] : tenants_) {
    if (other != id && tenant->holders > 0) held += tenant->bytes;
  }
  return held;
}

size_t Tenants::LastBytes(const eventstore::TenantId& id, ViewSet views) const {
  size_t bytes = 0;
  base::MutexLock lock(mu_);
  const auto found = cold_.find(id);
  if (found == cold_.end()) return 0;
  for (ViewIndex i = 0; i < found->second.bytes.size(); ++i) {
    if ((views & ViewSet{1} << i) != 0) bytes += found->second.bytes[i];
  }
  return bytes;
}

std::vector<std::pair<int64_t, eventstore::TenantId>> Tenants::ByUse() const {
  std::vector<std::pair<int64_t, eventstore::TenantId>> by_use;
  {
    base::MutexLock lock(mu_);
    for (const auto& [id, tenant] : tenants_) {
      if (tenant->bytes > 0) by_use.emplace_back(tenant->used_us, id);
    }
  }
  std::sort(by_use.begin(), by_use.end());
  return by_use;
}

bool Tenants::Remove(const TenantPtr& tenant) {
  base::MutexLock lock(mu_);
  // Copies are made of copies, or here under the lock: with these two there are none but ours. So
  // nobody reads it, for whom the lock below would have to wait. Who holds it by a pointer only is
  // about to be done, and it leaves another time.
  if (tenant.use_count() > 2) return false;
  base::WriterLock tenant_lock(tenant->mu);
  if (tenant->dirty || tenant->unwritten > 0) return false;
  for (const Slot& slot : tenant->slots) {
    if (slot.phase == Slot::Phase::kBehind || slot.droppings > 0) return false;
  }
  Cold& cold = cold_[tenant->id];
  cold.bytes.resize(views_.size());
  for (ViewIndex i = 0; i < views_.size(); ++i) {
    const Slot& slot = tenant->slots[i];
    if (slot.phase == Slot::Phase::kLive) cold.bytes[i] = slot.state->ApproximateBytes();
  }
  const bool all = tenant->wanted == FirstViews(views_.size());
  cold.events_passed = all ? 0 : tenant->cold_events;
  bytes_ -= tenant->bytes.exchange(0);
  DEALOG_CHECK(tenants_.erase(tenant->id) == 1) << tenant->id.value;
  return true;
}

}  // namespace dealog::projections
