#include "projections/runtime/tenant_state.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"

namespace dealog::projections {
namespace {

// The lock spans the object's life, which the analysis can't follow.
class LockedViews final : public TenantViews {
 public:
  LockedViews(TenantPtr tenant,
              std::span<const ViewDefinition> views) ABSL_NO_THREAD_SAFETY_ANALYSIS
      : tenant_(std::move(tenant)),
        views_(views) {
    tenant_->mu.ReaderLock();
  }
  ~LockedViews() override ABSL_NO_THREAD_SAFETY_ANALYSIS { tenant_->mu.ReaderUnlock(); }

  eventstore::Position position() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return tenant_->position;
  }
  int64_t recorded_at_us() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return tenant_->recorded_at_us;
  }

 private:
  absl::StatusOr<const ViewState*> Find(std::string_view name) const override
      ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      if (views_[i].name != name) continue;
      const Slot& slot = tenant_->slots[i];
      switch (slot.phase) {
        case Slot::Phase::kLive:
          DEALOG_CHECK(slot.point.position == tenant_->position) << std::string(name);
          return slot.state.get();
        case Slot::Phase::kFailed:
          return Failed(name, slot);
        case Slot::Phase::kBehind:
          return Behind(name, slot);
      }
    }
    return base::Error(absl::StatusCode::kNotFound, "PROJECTION_NOT_FOUND",
                       absl::StrCat("no view is named ", base::View(name)));
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

  const TenantPtr tenant_;
  const std::span<const ViewDefinition> views_;
};

}  // namespace

void TenantState::Settle() {
  ViewSet now_ready = 0;
  for (ViewIndex i = 0; i < slots.size(); ++i) {
    if (slots[i].phase != Slot::Phase::kBehind) now_ready |= ViewSet{1} << i;
  }
  DEALOG_CHECK(reached <= position.value) << id.value << " went back from " << reached;
  reached = position.value;
  ready = now_ready;
}

std::unique_ptr<const TenantViews> LockForRead(TenantPtr tenant,
                                               std::span<const ViewDefinition> views,
                                               ViewSet named) {
  const TenantState& state = *tenant;
  auto read = std::make_unique<LockedViews>(std::move(tenant), views);
  if ((state.ready & named) != named) return nullptr;
  return read;
}

}  // namespace dealog::projections
