#pragma once

// How far each view of a partition is, and what became of it: written by the partition's follower,
// read by status calls and by reads.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/types.h"

namespace dealog::projections {

// Index of a view in the runner's list.
using ViewIndex = size_t;

struct ViewProgress {
  eventstore::BatchNumber number;
  uint64_t events_folded = 0;  // Since the process started.
  bool live = false;           // Follows what is being appended, not reading back.
  bool detached = false;       // Its rows are being dropped.
  bool failed = false;
  std::string error;
  int64_t level_us = 0;  // When it was last level with the log (monotonic clock).
};

// Thread safety: yes.
class Progress {
 public:
  explicit Progress(size_t view_count) : views_(view_count) {}

  ViewProgress Get(ViewIndex view) const;
  void Start(ViewIndex view, eventstore::BatchNumber number, int64_t now_us);
  void Folded(std::span<const ViewIndex> views, eventstore::BatchNumber number, uint64_t events);
  void SetLive(std::span<const ViewIndex> views, bool live);
  void SetLevel(std::span<const ViewIndex> views, int64_t now_us);
  // The log can't be read for now; cleared by the next fold.
  void SetTrouble(std::span<const ViewIndex> views, std::string_view error);
  void SetDetached(ViewIndex view);
  void SetFailed(ViewIndex view, std::string_view error);
  // True if rows of the view may be read and written.
  bool Usable(ViewIndex view) const;
  // UNAVAILABLE / VIEW_FAILED with the error if the view stopped.
  absl::Status FailureOf(ViewIndex view, std::string_view name) const;

 private:
  mutable base::Mutex mu_;
  std::vector<ViewProgress> views_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::projections
