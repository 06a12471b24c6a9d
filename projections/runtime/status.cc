#include "projections/runtime/status.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/clock.h"

namespace dealog::projections {
namespace {

constexpr double kMicrosPerSecond = 1e6;

uint64_t Behind(uint64_t head, uint64_t position) { return head - std::min(head, position); }

uint64_t HeadOf(const Shared& shared, const eventstore::TenantId& tenant) {
  const auto head = shared.log.Head(tenant);
  return head.ok() ? head->position.value : 0;
}

void AddLag(uint64_t events, int64_t since_us, ProjectionStatus& status) {
  if (events == 0) return;
  status.lag_events += events;
  const auto micros = static_cast<double>(base::MonotonicMicros() - since_us);
  status.lag_seconds = std::max(status.lag_seconds, micros / kMicrosPerSecond);
}

// A slot whose load did not begin yet: the store knows how far its rows are.
struct Unloaded {
  ViewIndex view;
  int64_t since_us;
};

// Under the tenant's lock: nothing here may wait.
void AddSlot(ViewIndex view, const Slot& slot, uint64_t head, int64_t level_us,
             ProjectionStatus& status, std::vector<Unloaded>& unloaded) {
  switch (slot.phase) {
    case Slot::Phase::kCold:  // As of a tenant that is not resident at all.
      return;
    case Slot::Phase::kLive:
      AddLag(Behind(head, slot.point.position.value), level_us, status);
      status.row_count += slot.state->RowCount();
      return;
    case Slot::Phase::kFailed:
      AddLag(Behind(head, slot.point.position.value), slot.behind_since_us, status);
      return;
    case Slot::Phase::kBehind:
      if (head > 0) status.state = ProjectionStatus::State::kCatchingUp;
      if (slot.point.position.value == 0 && slot.droppings == 0) {
        unloaded.push_back({view, slot.behind_since_us});
      } else {
        AddLag(Behind(head, slot.point.position.value), slot.behind_since_us, status);
      }
      return;
  }
}

void AddTenant(Shared& shared, TenantState& tenant, const std::vector<int64_t>& level_us,
               std::vector<ProjectionStatus>& statuses) {
  const uint64_t head = HeadOf(shared, tenant.id);
  std::vector<Unloaded> unloaded;
  {
    base::ReaderLock lock(tenant.mu);
    for (ViewIndex i = 0; i < statuses.size(); ++i) {
      AddSlot(i, tenant.slots[i], head, level_us[tenant.partition.value], statuses[i], unloaded);
    }
  }
  for (const Unloaded& slot : unloaded) {
    const auto stored = shared.store.ReadApplied(shared.views[slot.view].name, tenant.id);
    const uint64_t position = stored.ok() ? stored->position.value : 0;
    AddLag(Behind(head, position), slot.since_us, statuses[slot.view]);
  }
}

void AddFailures(Shared& shared, ViewIndex view, ProjectionStatus& status) {
  Tenants::Failures failures = shared.tenants.FailuresOf(view);
  for (const auto& [tenant, position] : shared.tenants.ColdFailuresOf(view)) {
    AddLag(Behind(HeadOf(shared, tenant), position.value), base::MonotonicMicros(), status);
  }
  status.failed_tenants = failures.tenants;
  if (failures.whole || failures.tenants > 0) {
    status.state = ProjectionStatus::State::kFailed;
    status.error = std::move(failures.reason);
  }
}

}  // namespace

std::vector<ProjectionStatus> CollectStatuses(
    Shared& shared, std::span<const std::unique_ptr<Follower>> followers) {
  std::vector<ProjectionStatus> statuses(shared.views.size());
  std::vector<int64_t> level_us;
  for (const auto& follower : followers) {
    const FollowerProgress progress = follower->progress();
    level_us.push_back(progress.level_us);
    for (ProjectionStatus& status : statuses) {
      status.number.value += progress.number.value;
      if (!progress.live) status.state = ProjectionStatus::State::kCatchingUp;
      if (!progress.trouble.empty()) status.error = progress.trouble;
    }
  }
  // One pointer at a time: while it is there its tenant can't leave.
  for (const eventstore::TenantId& id : shared.tenants.Ids()) {
    if (const TenantPtr tenant = shared.tenants.Find(id)) {
      AddTenant(shared, *tenant, level_us, statuses);
    }
  }
  for (ViewIndex i = 0; i < statuses.size(); ++i) {
    ProjectionStatus& status = statuses[i];
    status.name = shared.views[i].name;
    status.version = shared.views[i].version;
    status.events_folded = shared.events_folded[i];
    AddFailures(shared, i, status);
    if (status.error.empty()) status.error = shared.store_worker.error();
  }
  return statuses;
}

}  // namespace dealog::projections
