#pragma once

// The registry: which tenants' views are resident, what of them failed, and what they hold.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"
#include "projections/runtime/tenant_state.h"

namespace dealog::projections {

// Thread safety: yes. A tenant's `mu` may be taken inside the registry's lock, never around it.
// Ownership: what it is made of must outlive it.
// Invariant: a tenant is registered at the log's head of that moment, so that a commit either finds
// it registered or is in the log before its views are read from there.
class Tenants {
 public:
  // What of a view failed.
  struct Failures {
    size_t tenants = 0;
    std::string reason;  // Of one of them, or of the whole view.
    bool whole = false;  // Its rows can't be read or dropped: it failed for all tenants.
  };

  Tenants(const eventstore::EventLog& log, std::span<const ViewDefinition> views);

  // Null if the tenant is not registered.
  TenantPtr Find(const eventstore::TenantId& id) const;
  // The tenant; where it is not registered, at the log's head with all slots cold or failed.
  absl::StatusOr<TenantPtr> FindOrAdd(const eventstore::TenantId& id);
  // Ids, not pointers: a pointer keeps its tenant from leaving.
  std::vector<eventstore::TenantId> Ids() const;
  size_t size() const;
  // So many events of a tenant that is not registered went by; true if its rows should be
  // refreshed, because more than `events_max` have since they were last up to date.
  bool Passed(const eventstore::TenantId& id, uint64_t events, uint64_t events_max);

  // The slot folds no more, if it still lives that life. Remembered while the tenant is not
  // resident.
  void Fail(TenantState& tenant, ViewIndex view, uint64_t life, const absl::Status& status);
  Failures FailuresOf(ViewIndex view) const;
  // Positions at which tenants that are not registered stopped.
  std::vector<std::pair<eventstore::TenantId, eventstore::Position>> ColdFailuresOf(
      ViewIndex view) const;

  // The view's rows are about to be dropped, of all tenants or of one: their slots start anew, and
  // wait until EndDrop, which tells how it went, and whose slots these are.
  void BeginDrop(std::span<const ViewIndex> views);
  void BeginDrop(TenantState& tenant, std::span<const ViewIndex> views);
  std::vector<TenantPtr> EndDrop(std::span<const ViewIndex> views, const absl::Status& dropped);
  void EndDrop(TenantState& tenant, std::span<const ViewIndex> views, const absl::Status& dropped);

  // What a tenant holds, about; and all of them.
  void SetBytes(TenantState& tenant, size_t bytes);
  size_t bytes() const { return bytes_; }
  // Of the tenants that somebody holds (see TenantHold), but `id`.
  size_t HeldBytes(const eventstore::TenantId& id) const;
  // What these views of the tenant held when they were last resident.
  size_t LastBytes(const eventstore::TenantId& id, ViewSet views) const;
  // Of the tenants that hold anything, when they were last read; who was not for longest is first.
  std::vector<std::pair<int64_t, eventstore::TenantId>> ByUse() const;
  // Lets go of the tenant if nobody but the registry and the caller holds it, and everything that
  // it has is written and up to date. False: it stays.
  bool Remove(const TenantPtr& tenant);

 private:
  struct Failure {
    std::string reason;
    eventstore::Position position;
  };
  // What is remembered of a tenant that is not registered.
  struct Cold {
    uint64_t events_passed = 0;
    std::vector<size_t> bytes;  // By ViewIndex.
  };
  void Forget(std::span<const ViewIndex> views, const eventstore::TenantId* tenant)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const eventstore::EventLog& log_;
  const std::span<const ViewDefinition> views_;
  std::atomic<size_t> bytes_{0};
  mutable base::Mutex mu_;
  std::map<eventstore::TenantId, TenantPtr> tenants_ ABSL_GUARDED_BY(mu_);
  std::map<eventstore::TenantId, Cold> cold_ ABSL_GUARDED_BY(mu_);
  std::map<std::pair<ViewIndex, eventstore::TenantId>, Failure> failures_ ABSL_GUARDED_BY(mu_);
  // By ViewIndex, of all tenants.
  std::vector<int> droppings_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> whole_failures_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
