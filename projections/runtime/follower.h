#pragma once

// Follows one partition of the log on a thread of its own: folds, wakes reads, hands out flushes.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "eventstore/event_log.h"
#include "projections/runtime/lane.h"
#include "projections/runtime/parsed_batch.h"
#include "projections/runtime/progress.h"
#include "projections/runtime/runner.h"
#include "projections/runtime/store_worker.h"
#include "projections/runtime/tenants.h"
#include "projections/runtime/waiters.h"
#include "projections/runtime/watchers.h"

namespace dealog::projections {

// What a follower works with; all of it outlives the follower.
struct FollowerContext {
  eventstore::EventLog& log;
  const ViewStore& store;
  StoreWorker& store_worker;
  std::span<const ViewDefinition> views;
  RunnerOptions options;
  // Called from the follower's thread when stored rows of a view are damaged; must not block.
  std::function<void(ViewIndex, const absl::Status& damage)> rebuild;
};

// Thread safety: yes.
class Follower {
 public:
  // `start`: the valid checkpoint of every view, number 0 = from the beginning. If `trouble` is an
  // error, the views start as failed with it.
  Follower(const FollowerContext& context, eventstore::PartitionId partition,
           std::span<const ViewCheckpoint> start, const absl::Status& trouble);
  ~Follower() { Stop(); }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Starts the thread; once, before anything below.
  void Start();

  // See Runner; `position` 0 = loaded at all.
  void WhenFresh(const eventstore::TenantId& tenant, eventstore::Position position,
                 absl::Time deadline, FreshCallback done);
  // Null if WhenFresh did not say that the tenant is loaded.
  TenantRead Read(const eventstore::TenantId& tenant) const;
  Watchers& watchers() { return watchers_; }
  // Adds this partition's part to the view's status.
  void AddStatus(ViewIndex view, ProjectionStatus& status) const;

  // Stops folding and flushing the views; returns once it did, or the follower is stopped.
  void Detach(std::span<const ViewIndex> views);
  // Folds the views anew from batch 1, or marks them as failed.
  void Attach(std::span<const ViewIndex> views, const absl::Status& dropped);

  // Hands out a last flush and ends the thread. Idempotent.
  void Stop();

 private:
  // Runs a task between batches and waits for it; runs none after Stop.
  void RunAndWait(const std::function<void()>& task);
  void RunTasks();
  void Wake();
  void Sleep();
  void Pace();
  void Loop();
  // True if the lane got further.
  bool Step(Lane& lane);
  void Fold(Lane& lane, const eventstore::StoredBatch& batch);
  void FoldCommit(Lane& lane, const eventstore::StoredCommit& stored,
                  std::span<const FoldedEvent> events);
  TenantState& TenantOf(const eventstore::StoredCommit& stored);
  void FailView(ViewIndex view, const absl::Status& status);
  void Announce();
  bool FlushIsDue() const;
  void Flush();
  uint64_t Lag(ViewIndex view) const;

  // Constant after construction.
  const FollowerContext context_;
  const eventstore::PartitionId partition_;

  // Synchronise themselves.
  Progress progress_;
  Waiters waiters_;
  Watchers watchers_;
  Tenants tenants_;
  std::atomic<bool> flushing_{false};  // The last flush is not written yet.
  std::atomic<bool> stopping_{false};

  base::Mutex mu_;
  base::CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);

  // The thread's own.
  Lanes lanes_;
  BatchParser parser_;
  TenantState* last_tenant_ = nullptr;
  std::vector<TenantState*> touched_;  // By the batch at hand.
  std::vector<TenantState*> dirty_;
  size_t dirty_events_ = 0;
  int64_t dirty_since_us_ = 0;   // 0: nothing to flush.
  bool following_live_ = false;  // The last steps took everything from the ring.

  base::Worker worker_;  // Last: uses the rest.
};

}  // namespace dealog::projections
