#pragma once

// Follows one partition of the log on a thread of its own: folds what comes into the tenants that
// are resident, wakes reads, hands out flushes.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"
#include "eventstore/follow/log_follower.h"
#include "projections/runtime/fold.h"
#include "projections/runtime/shared.h"
#include "projections/runtime/waiters.h"
#include "projections/runtime/watchers.h"

namespace dealog::projections {

// How far a follower is.
struct FollowerProgress {
  eventstore::BatchNumber number;
  bool live = true;      // Follows what is being appended, not reading back.
  std::string trouble;   // The log can't be read for now; empty otherwise.
  int64_t level_us = 0;  // When it was last level with the log (monotonic clock).
};

// Thread safety: yes. Ownership: `shared` must outlive it.
// Invariants: it begins at the log's head and passes every batch after it once, in order; a commit
// is folded by every live slot of its tenant, or by none.
class Follower final : private eventstore::FollowHandler {
 public:
  Follower(Shared& shared, eventstore::PartitionId partition);
  ~Follower() override { Stop(); }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Starts the thread; once, before anything below.
  void Start();

  // See Runner.
  void WhenFresh(const eventstore::TenantId& tenant, FreshWait wait);
  Watchers& watchers() { return watchers_; }
  // Something of the tenant may be readable now, and rows of so many events are to be flushed.
  void Changed(const TenantPtr& tenant, size_t dirty_events);
  FollowerProgress progress() const;

  // Runs a task between batches, when no flush is half made, and waits for it; runs none after
  // Stop.
  void RunAndWait(const std::function<void()>& task);

  // Hands out a last flush and ends the thread. Idempotent.
  void Stop();

 private:
  absl::StatusOr<eventstore::FollowPoint> Begin(eventstore::FollowCursor& cursor) override;
  absl::Status OnBatch(eventstore::FollowCursor& cursor, const eventstore::StoredBatch& batch,
                       eventstore::BatchPlace place) override;
  void OnCaughtUp(eventstore::FollowCursor& cursor) override;
  void OnFailure(eventstore::FollowCursor& cursor, const absl::Status& status) override;
  eventstore::FollowRest OnTurn(bool caught_up) override;
  void OnStop() override;

  void Fold(const eventstore::StoredBatch& batch);
  void Pass(const eventstore::StoredCommit& commit);
  void FoldCommit(const TenantPtr& tenant, const eventstore::StoredCommit& commit);
  void Announce();
  bool FlushIsDue();
  void Flush();

  // Constant after construction.
  Shared& shared_;
  const eventstore::PartitionId partition_;

  // Synchronise themselves.
  Waiters waiters_;
  Watchers watchers_;
  std::atomic<bool> flushing_{false};  // The last flush is not written yet.

  mutable base::Mutex mu_;
  FollowerProgress progress_ ABSL_GUARDED_BY(mu_);
  std::vector<std::weak_ptr<TenantState>> dirty_ ABSL_GUARDED_BY(mu_);
  size_t dirty_events_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t dirty_since_us_ ABSL_GUARDED_BY(mu_) = 0;  // 0: nothing to flush.

  // The thread's own.
  eventstore::FollowPoint point_;  // The batch that was passed last.
  CommitParser parser_;
  TenantPtr last_tenant_;           // Of the batches at hand.
  std::vector<TenantPtr> touched_;  // By the batch at hand.

  eventstore::LogFollower follower_;  // Last: uses the rest.
};

}  // namespace dealog::projections
