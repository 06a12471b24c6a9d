#include "projections/runtime/tenant_state.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"

namespace dealog::projections {
namespace {

// The lock spans the object's life, which the analysis can't follow.
class LockedViews final : public TenantViews {
 public:
  LockedViews(TenantPtr tenant, std::span<const ViewDefinition> views,
              ViewSet named) ABSL_NO_THREAD_SAFETY_ANALYSIS : tenant_(std::move(tenant)),
                                                              views_(views),
                                                              named_(named) {
    tenant_->mu.ReaderLock();
  }
  ~LockedViews() override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!copied_) tenant_->mu.ReaderUnlock();
  }

  eventstore::Position position() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return copied_ ? copied_->position : tenant_->position;
  }
  int64_t recorded_at_us() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return copied_ ? copied_->recorded_at_us : tenant_->recorded_at_us;
  }
  void Detach() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (copied_) return;
    Copied copied{.position = tenant_->position, .recorded_at_us = tenant_->recorded_at_us};
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      std::shared_ptr<const ViewState> copy;
      if (absl::StatusOr<const ViewState*> state = InPlace(i); !state.ok()) {
        copied.views.emplace_back(state.status());
      } else if ((copy = tenant_->CopyOf(i)) != nullptr) {
        copied.views.emplace_back(std::move(copy));
      } else {
        return;  // It stays as it is.
      }
    }
    copied_ = std::move(copied);
    tenant_->mu.ReaderUnlock();
  }

 private:
  struct Copied {
    eventstore::Position position;
    int64_t recorded_at_us = 0;
    // By ViewIndex.
    std::vector<absl::StatusOr<std::shared_ptr<const ViewState>>> views = {};
  };

  absl::StatusOr<const ViewState*> Find(std::string_view name) const override {
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      if (views_[i].name != name) continue;
      if (!copied_) return InPlace(i);
      const auto& copy = copied_->views[i];
      if (!copy.ok()) return copy.status();
      return copy->get();
    }
    return base::Error(absl::StatusCode::kNotFound, "PROJECTION_NOT_FOUND",
                       absl::StrCat("no view is named ", base::View(name)));
  }

  absl::StatusOr<const ViewState*> InPlace(ViewIndex view) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const std::string_view name = views_[view].name;
    if ((named_ & ViewSet{1} << view) == 0) return NotNamed(name);
    const Slot& slot = tenant_->slots[view];
    switch (slot.phase) {
      case Slot::Phase::kLive:
        DEALOG_CHECK(slot.point.position == tenant_->position) << std::string(name);
        return slot.state.get();
      case Slot::Phase::kFailed:
        return Failed(name, slot);
      case Slot::Phase::kCold:
      case Slot::Phase::kBehind:
        break;
    }
    return Behind(name, slot);
  }

  // A bug of the caller's, who alone shall notice.
  static absl::Status NotNamed(std::string_view name) {
    return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                       absl::StrCat("a read asked for the view ", base::View(name),
                                    ", for which it did not wait: Freshness.views must name it"))
        .With("view", name);
  }
  absl::Status Failed(std::string_view name, const Slot& slot) const {
    return base::Error(absl::StatusCode::kUnavailable, "VIEW_FAILED",
                       absl::StrCat("view ", base::View(name), " of tenant ", tenant_->id.value,
                                    " stopped: ", slot.failure,
                                    "; see `dealog projection list`, then run `dealog ",
                                    "projection rebuild ", base::View(name), " --of ",
                                    tenant_->id.value, "`"))
        .With("view", name);
  }
  absl::Status Behind(std::string_view name,
                      const Slot& slot) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return base::Error(
               absl::StatusCode::kUnavailable, "VIEW_BEHIND",
               absl::StrCat("view ", base::View(name), " is being folded: it is at position ",
                            slot.point.position.value, " of ", tenant_->position.value, "; retry"))
        .RetryAfter(absl::Seconds(1))
        .With("view", name);
  }

  const TenantHold tenant_;
  const std::span<const ViewDefinition> views_;
  const ViewSet named_;
  mutable std::optional<Copied> copied_;  // Unset: the lock is held.
};

}  // namespace

std::shared_ptr<const ViewState> TenantState::CopyOf(ViewIndex view) {
  const Slot& slot = slots[view];
  base::MutexLock lock(copies_mu);
  Copy& last = copies[view];
  std::shared_ptr<const ViewState> copy = last.state.lock();
  if (copy != nullptr && last.life == slot.life && last.position == position) return copy;
  copy = slot.state->Copy();
  last = {.life = slot.life, .position = position, .state = copy};
  return copy;
}

void TenantState::Settle() {
  ViewSet now_ready = 0;
  ViewSet now_wanted = 0;
  for (ViewIndex i = 0; i < slots.size(); ++i) {
    const ViewSet view = ViewSet{1} << i;
    switch (slots[i].phase) {
      case Slot::Phase::kCold:
        break;
      case Slot::Phase::kBehind:
        now_wanted |= view;
        break;
      case Slot::Phase::kLive:
      case Slot::Phase::kFailed:
        now_wanted |= view;
        now_ready |= view;
        break;
    }
  }
  DEALOG_CHECK(reached <= position.value) << id.value << " went back from " << reached;
  reached = position.value;
  ready = now_ready;
  wanted = now_wanted;
}

void TenantState::Want(ViewSet views) {
  for (ViewIndex i = 0; i < slots.size(); ++i) {
    Slot& slot = slots[i];
    if ((views & ViewSet{1} << i) == 0 || slot.phase != Slot::Phase::kCold) continue;
    slot.phase = Slot::Phase::kBehind;
    slot.behind_since_us = base::MonotonicMicros();
  }
  Settle();
}

std::unique_ptr<const TenantViews> LockForRead(TenantPtr tenant,
                                               std::span<const ViewDefinition> views,
                                               ViewSet named) {
  const TenantState& state = *tenant;
  auto read = std::make_unique<LockedViews>(std::move(tenant), views, named);
  if ((state.ready & named) != named) return nullptr;
  return read;
}

}  // namespace dealog::projections
