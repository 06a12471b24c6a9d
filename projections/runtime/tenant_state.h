#pragma once

// The resident views of one tenant, and the read that locks them.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/types.h"
#include "projections/projection.h"
#include "projections/tenant_views.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Index of a view in the runner's list, and a set of them as bits.
using ViewIndex = size_t;
using ViewSet = uint64_t;
inline constexpr size_t kViewsMax = 64;
constexpr ViewSet FirstViews(size_t count) {
  return count == kViewsMax ? ~ViewSet{0} : (ViewSet{1} << count) - 1;
}

// One view of one tenant: what fails, rebuilds and progresses for itself.
struct Slot {
  enum class Phase {
    kCold,    // Nobody asked for it: its rows lie in the store, as far as they go.
    kBehind,  // A loader reads its rows and folds what they lack, in a state of its own.
    kLive,    // At the tenant's position; the follower goes on with it, reads see it.
    kFailed,  // Folds no more until it is rebuilt.
  };
  Phase phase = Phase::kCold;
  std::unique_ptr<ViewState> state;  // Set in kLive only.
  SlotPoint point;                   // Folded up to here; in kBehind as the loader last said.
  std::string failure;               // kFailed only: why.
  int droppings = 0;  // Its rows are being dropped, so often: no loader takes it meanwhile.
  uint64_t life = 0;  // Grows when it starts anew: what was folded for an earlier one is void.
  int64_t behind_since_us = 0;  // Monotonic; of kBehind and kFailed.
};

// Thread safety: what `mu` guards is written by the follower, by loaders and by rebuilds.
// Ownership: shared by all who use it; the registry lets go of it when nobody else holds it.
// Invariants: slots that are live are at `position`, the others not beyond it.
struct TenantState {
  TenantState(eventstore::TenantId tenant, eventstore::PartitionId of, size_t view_count)
      : id(std::move(tenant)), partition(of), slots(view_count), copies(view_count) {}

  // Publishes `position`, which slots a read need not wait for and which are not cold.
  void Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // A copy of a live view's state, shared by all who ask at this position; see ViewState::Copy.
  std::shared_ptr<const ViewState> CopyOf(ViewIndex view) ABSL_SHARED_LOCKS_REQUIRED(mu);
  // Those of them that are cold are behind from here on: the caller tells a loader.
  void Want(ViewSet views) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // True if a read of these views at that position need not wait.
  bool Serves(ViewSet views, eventstore::Position at) const {
    return (ready & views) == views && reached >= at.value;
  }

  const eventstore::TenantId id;
  const eventstore::PartitionId partition;
  base::SharedMutex mu;
  std::vector<Slot> slots ABSL_GUARDED_BY(mu);  // By ViewIndex.
  eventstore::Position position ABSL_GUARDED_BY(mu);
  int64_t recorded_at_us ABSL_GUARDED_BY(mu) = 0;
  bool dirty ABSL_GUARDED_BY(mu) = false;        // Has rows that were not collected for a flush.
  uint64_t cold_events ABSL_GUARDED_BY(mu) = 0;  // That its cold slots lack, about.

  // For those who only ask; written under `mu`.
  std::atomic<uint64_t> reached{0};
  std::atomic<ViewSet> ready{0};
  std::atomic<ViewSet> wanted{0};

  // The last copy of a view, as long as somebody reads it.
  struct Copy {
    uint64_t life = 0;
    eventstore::Position position;
    std::weak_ptr<const ViewState> state;
  };
  base::Mutex copies_mu;  // Taken within mu.
  std::vector<Copy> copies ABSL_GUARDED_BY(copies_mu);  // By ViewIndex.

  std::atomic<int> holders{0};      // See TenantHold.
  std::atomic<int> unwritten{0};    // Flushes that hold rows of it and are not written yet.
  std::atomic<size_t> bytes{0};     // As last measured; see Tenants.
  std::atomic<int64_t> used_us{0};  // When it was last read or watched (monotonic); 0 = never.
};
using TenantPtr = std::shared_ptr<TenantState>;

// Keeps the tenant resident: for reads, who waits for one, and watchers. Any pointer does so for a
// moment (a flush, a look by the metrics); these are counted against the memory, too. Empty after
// it was moved from.
class TenantHold {
 public:
  TenantHold() = default;
  explicit TenantHold(TenantPtr tenant) : tenant_(std::move(tenant)) {
    if (tenant_ != nullptr) ++tenant_->holders;
  }
  TenantHold(TenantHold&&) noexcept = default;
  TenantHold& operator=(TenantHold&& other) noexcept {
    std::swap(tenant_, other.tenant_);
    return *this;
  }
  ~TenantHold() {
    if (tenant_ != nullptr) --tenant_->holders;
  }
  const TenantPtr& get() const { return tenant_; }
  TenantState* operator->() const { return tenant_.get(); }

 private:
  TenantPtr tenant_;
};

// Locks the tenant for reading until the result is destroyed, on the same thread; null if one of
// the `named` views is neither live nor failed. Get of another one is INTERNAL: whoever reads a
// view must have waited for it. `views` must outlive it.
std::unique_ptr<const TenantViews> LockForRead(TenantPtr tenant,
                                               std::span<const ViewDefinition> views,
                                               ViewSet named);

}  // namespace dealog::projections
