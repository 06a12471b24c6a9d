#pragma once

// Views of a partition that are folded up to the same batch and go on together. Views with
// different checkpoints, or one that is being rebuilt, have lanes of their own until the one behind
// has caught up with the one ahead.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "projections/runtime/progress.h"

namespace dealog::projections {

struct Lane {
  eventstore::BatchNumber number;
  std::string digest;
  std::vector<ViewIndex> views;
  std::unique_ptr<eventstore::BatchSubscription> subscription;  // Null until the first poll.
  int64_t retry_at_us = 0;  // After a failed read of the log (monotonic clock); 0 = now.

  void Remove(ViewIndex view) { std::erase(views, view); }
};

// Thread safety: none; the follower's thread.
class Lanes {
 public:
  void Add(eventstore::BatchNumber number, std::string digest, std::vector<ViewIndex> views);
  // Joins lanes that reached the same batch into the one that was there first; true if any did.
  bool Merge();
  // Takes the view out of its lane.
  void Remove(ViewIndex view);
  // Drops lanes without views, but not the foremost: it carries the tenants' positions on.
  void Prune();
  size_t size() const { return lanes_.size(); }
  Lane& operator[](size_t i) { return *lanes_[i]; }

 private:
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace dealog::projections
