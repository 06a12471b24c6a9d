#include "projections/runtime/progress.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::projections {

ViewProgress Progress::Get(ViewIndex view) const {
  base::MutexLock lock(mu_);
  return views_[view];
}

void Progress::Start(ViewIndex view, eventstore::BatchNumber number, int64_t now_us) {
  base::MutexLock lock(mu_);
  const uint64_t folded = views_[view].events_folded;
  views_[view] = {.number = number, .events_folded = folded, .level_us = now_us};
}

void Progress::Folded(std::span<const ViewIndex> views, eventstore::BatchNumber number,
                      uint64_t events) {
  base::MutexLock lock(mu_);
  for (const ViewIndex view : views) {
    views_[view].number = number;
    views_[view].events_folded += events;
    if (!views_[view].error.empty()) views_[view].error.clear();
  }
}

void Progress::SetLive(std::span<const ViewIndex> views, bool live) {
  base::MutexLock lock(mu_);
  for (const ViewIndex view : views) views_[view].live = live;
}

void Progress::SetLevel(std::span<const ViewIndex> views, int64_t now_us) {
  base::MutexLock lock(mu_);
  for (const ViewIndex view : views) {
    views_[view].live = true;
    views_[view].level_us = now_us;
  }
}

void Progress::SetTrouble(std::span<const ViewIndex> views, std::string_view error) {
  base::MutexLock lock(mu_);
  for (const ViewIndex view : views) {
    views_[view].live = false;
    views_[view].error = error;
  }
}

void Progress::SetDetached(ViewIndex view) {
  base::MutexLock lock(mu_);
  views_[view].detached = true;
  views_[view].live = false;
  views_[view].number = {};
}

void Progress::SetFailed(ViewIndex view, std::string_view error) {
  base::MutexLock lock(mu_);
  views_[view].failed = true;
  views_[view].live = false;
  views_[view].error = error;
}

bool Progress::Usable(ViewIndex view) const {
  base::MutexLock lock(mu_);
  return !views_[view].failed && !views_[view].detached;
}

absl::Status Progress::FailureOf(ViewIndex view, std::string_view name) const {
  base::MutexLock lock(mu_);
  if (!views_[view].failed) return absl::OkStatus();
  const absl::string_view shown(name.data(), name.size());
  return base::Error(absl::StatusCode::kUnavailable, "VIEW_FAILED",
                     absl::StrCat("view ", shown, " stopped: ", views_[view].error,
                                  "; see `dealog projection list`, then run `dealog projection "
                                  "rebuild ",
                                  shown, "`"))
      .With("view", name);
}

}  // namespace dealog::projections
