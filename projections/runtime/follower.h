#pragma once

// Follows one partition of the log on a thread of its own: folds what comes into the tenants that
// are resident, wakes reads, hands out flushes.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "eventstore/event_log.h"
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
class Follower {
 public:
  Follower(Shared& shared, eventstore::PartitionId partition);
  ~Follower() { Stop(); }
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
  void RunTasks();
  void Wake();
  void Sleep();
  void Pace();
  void Loop();
  // True if it got further.
  bool Step();
  bool Trouble(const absl::Status& status);
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
  std::atomic<bool> stopping_{false};

  mutable base::Mutex mu_;
  base::CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  FollowerProgress progress_ ABSL_GUARDED_BY(mu_);
  std::vector<std::weak_ptr<TenantState>> dirty_ ABSL_GUARDED_BY(mu_);
  size_t dirty_events_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t dirty_since_us_ ABSL_GUARDED_BY(mu_) = 0;  // 0: nothing to flush.

  // The thread's own.
  eventstore::BatchNumber number_;
  std::unique_ptr<eventstore::BatchSubscription> subscription_;  // Null until the first poll.
  int64_t retry_at_us_ = 0;  // After a failed read of the log (monotonic clock); 0 = now.
  CommitParser parser_;
  TenantPtr last_tenant_;           // Of the batches at hand.
  std::vector<TenantPtr> touched_;  // By the batch at hand.
  bool following_live_ = false;     // The last step took everything from the ring.

  base::Worker worker_;  // Last: uses the rest.
};

}  // namespace dealog::projections
