#include "projections/runtime/tenant_state.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::projections {
namespace {

// The lock spans the object's life, which the analysis can't follow.
class LockedViews final : public TenantViews {
 public:
  LockedViews(TenantState& tenant, std::span<const ViewDefinition> views,
              const Progress& progress) ABSL_NO_THREAD_SAFETY_ANALYSIS : tenant_(tenant),
                                                                         views_(views),
                                                                         progress_(progress) {
    tenant_.mu.ReaderLock();
  }
  ~LockedViews() override ABSL_NO_THREAD_SAFETY_ANALYSIS { tenant_.mu.ReaderUnlock(); }

  eventstore::Position position() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return tenant_.position;
  }
  int64_t recorded_at_us() const override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return tenant_.recorded_at_us;
  }

 private:
  absl::StatusOr<const ViewState*> Find(std::string_view name) const override
      ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (ViewIndex i = 0; i < views_.size(); ++i) {
      if (views_[i].name != name) continue;
      RETURN_IF_ERROR(progress_.FailureOf(i, name));
      const TenantState::Slot& slot = tenant_.slots[i];
      if (slot.applied < tenant_.position) return Behind(name, slot.applied);
      return slot.state.get();
    }
    return base::Error(absl::StatusCode::kNotFound, "PROJECTION_NOT_FOUND",
                       absl::StrCat("no view is named ", base::View(name)));
  }

  absl::Status Behind(std::string_view name,
                      eventstore::Position applied) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return base::Error(
               absl::StatusCode::kUnavailable, "VIEW_BEHIND",
               absl::StrCat("view ", base::View(name), " is being rebuilt: it is at position ",
                            applied.value, " of ", tenant_.position.value, "; retry"))
        .RetryAfter(absl::Seconds(1))
        .With("view", name);
  }

  TenantState& tenant_;
  const std::span<const ViewDefinition> views_;
  const Progress& progress_;
};

}  // namespace

std::unique_ptr<const TenantViews> LockForRead(TenantState& tenant,
                                               std::span<const ViewDefinition> views,
                                               const Progress& progress) {
  return std::make_unique<LockedViews>(tenant, views, progress);
}

}  // namespace dealog::projections
