#include "projections/runtime/tenants.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status.h"

namespace dealog::projections {

TenantState* Tenants::Find(const eventstore::TenantId& id) const {
  base::MutexLock lock(mu_);
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : found->second.get();
}

TenantState& Tenants::Get(const eventstore::TenantId& id) {
  if (TenantState* tenant = Find(id); tenant != nullptr) return *tenant;
  auto loaded = std::make_unique<TenantState>(id);
  Load(*loaded);
  base::MutexLock lock(mu_);
  return *tenants_.emplace(id, std::move(loaded)).first->second;
}

void Tenants::Each(const std::function<void(TenantState&)>& visit) const {
  std::vector<TenantState*> tenants;
  {
    base::MutexLock lock(mu_);
    for (const auto& [id, tenant] : tenants_) tenants.push_back(tenant.get());
  }
  for (TenantState* tenant : tenants) visit(*tenant);
}

void Tenants::Reset(ViewIndex view) {
  Each([&](TenantState& tenant) {
    base::WriterLock lock(tenant.mu);
    TenantState::Slot& slot = tenant.slots[view];
    slot.state = views_[view].make_state();
    slot.state->CommitDone();
    slot.applied = {};
  });
}

void Tenants::Load(TenantState& tenant) {
  base::WriterLock lock(tenant.mu);
  tenant.slots.resize(views_.size());
  for (ViewIndex i = 0; i < views_.size(); ++i) {
    TenantState::Slot& slot = tenant.slots[i];
    slot.state = views_[i].make_state();
    if (progress_.Usable(i)) {
      const absl::StatusOr<eventstore::Position> applied = LoadView(tenant, i, *slot.state);
      if (applied.ok()) {
        slot.applied = *applied;
      } else {
        slot.state = views_[i].make_state();
        damaged_(i, applied.status());
      }
    }
    slot.state->CommitDone();
    tenant.position = std::max(tenant.position, slot.applied);
  }
  tenant.recorded_at_us = RecordedAt(tenant.id, tenant.position);
  tenant.reached = tenant.position.value;
}

absl::StatusOr<eventstore::Position> Tenants::LoadView(TenantState& tenant, ViewIndex view,
                                                       ViewState& state) const {
  const std::string_view name = views_[view].name;
  RETURN_IF_ERROR(store_.Scan(name, tenant.id, [&](std::string_view key, std::string_view value) {
    return state.LoadRow(key, value);
  }));
  return store_.ReadApplied(name, tenant.id);
}

int64_t Tenants::RecordedAt(const eventstore::TenantId& id, eventstore::Position position) const {
  if (position.value == 0) return 0;
  const auto page =
      log_.ReadTenant(id, {.after = eventstore::Position{position.value - 1}, .limit = 1});
  if (!page.ok() || page->events.empty()) return 0;  // Damage that the follower meets by itself.
  return page->events.front().commit->recorded_at_us();
}

}  // namespace dealog::projections
