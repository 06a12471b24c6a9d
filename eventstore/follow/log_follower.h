#pragma once

// Follows the log: one thread per consumer, which hands batches to the consumer's callbacks, at the
// consumer's own pace and from the consumer's own checkpoint.
//
//   class Outbox final : public FollowHandler {
//     absl::StatusOr<FollowPoint> Begin(FollowCursor&) override { return store_.Point(); }
//     absl::Status OnBatch(FollowCursor& cursor, const StoredBatch& batch, BatchPlace) override;
//     ...
//     LogFollower follower_;  // Last.
//   };
//   follower_.Add(PartitionId{0});
//   follower_.Start();
//
// A follower polls one cursor or several: partitions that share a thread, or consumers of the same
// partition that stand at different points (views that catch up beside those that are live).

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "eventstore/event_log.h"
#include "eventstore/follow/limits.h"
#include "eventstore/follow_point.h"

namespace dealog::eventstore {

class LogFollower;

// A place in the log that moves on. Made by LogFollower::Add, which owns it.
// Thread safety: none, the follower's thread's; as an argument of LogFollower, of any thread.
class FollowCursor {
 public:
  PartitionId partition() const { return partition_; }
  // Of the batch that was handed to the handler last, or is being handed to it.
  const FollowPoint& point() const { return point_; }

 private:
  friend class LogFollower;
  FollowCursor(LogFollower& owner, PartitionId partition) : owner_(owner), partition_(partition) {}

  LogFollower& owner_;
  const PartitionId partition_;
  FollowPoint point_;
  std::unique_ptr<BatchSubscription> subscription_;  // Null: to be opened.
  int64_t retry_at_us_ = 0;                          // Monotonic; after a failure.
  bool removed_ = false;
};

// Where a batch stands in what was read at once.
struct BatchPlace {
  bool live = false;  // It came from memory: this cursor is about level with the log.
  bool last = false;  // Nothing more was read: the moment to make durable what was gathered.
};

// What a handler wants between two turns.
struct FollowRest {
  int64_t until_us = INT64_MAX;  // To be called again by then (monotonic), whatever the log does.
  bool hurry = false;            // Somebody waits: no pace.
};

// What a consumer does with the log. Every call comes from the follower's thread, but for those
// that Start makes. Ownership: outlives the follower.
class FollowHandler {
 public:
  virtual ~FollowHandler() = default;
  // After which batch to go on: asked before the first one and anew after every failure. What the
  // handler had gathered since then is lost or is given again.
  virtual absl::StatusOr<FollowPoint> Begin(FollowCursor& cursor) = 0;
  // What Begin said is not of this log (CheckPoint says why). Where to go on instead.
  virtual absl::StatusOr<FollowPoint> OnForked(FollowCursor& /*cursor*/,
                                               const absl::Status& /*why*/) {
    return FollowPoint{};
  }
  // The batch after the one before; none is left out. After an error: see OnFailure.
  virtual absl::Status OnBatch(FollowCursor& cursor, const StoredBatch& batch,
                               BatchPlace place) = 0;
  // The log had nothing more.
  virtual void OnCaughtUp(FollowCursor& /*cursor*/) {}
  // The log or the handler failed; it is tried again after a pause. The same error in a row is
  // told once.
  virtual void OnFailure(FollowCursor& /*cursor*/, const absl::Status& /*status*/) {}
  // After every turn over the cursors: what is due by time. `caught_up`: none had anything, none
  // waits for its next attempt. May take long, but watches LogFollower::stopping.
  virtual FollowRest OnTurn(bool /*caught_up*/) { return {}; }
  // The last call.
  virtual void OnStop() {}
};

struct LogFollowerOptions {
  std::string name;  // Of the thread, at most 15 characters.
  size_t page_bytes = kFollowPageBytes;
  // While batches come one after another: how long they gather before the next look.
  std::chrono::microseconds pace = kFollowPace;
  // The same between the wake-up of an idle follower and its first look.
  std::chrono::microseconds gather{0};
  std::chrono::microseconds retry = kFollowRetry;
};

// How far a cursor got.
struct FollowProgress {
  FollowPoint done;        // The handler took the whole of a page up to here.
  double lag_seconds = 0;  // Since when the log has had a batch beyond it.
  std::string error;       // Of the last attempt; empty if it went well.
};

// Thread safety: yes, but for Add, Remove, Restart and set_page_bytes: on the follower's thread, or
// before Start. Ownership: log and handler outlive it; it is the last member of its handler.
// Invariants: a cursor's batches are consecutive; one call of the handler at a time.
class LogFollower {
 public:
  LogFollower(EventLog& log, FollowHandler& handler, LogFollowerOptions options);
  ~LogFollower() { Stop(); }
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  // Adds a cursor; its handler is asked where to begin in the next turn.
  FollowCursor& Add(PartitionId partition);
  // The handler is not called for it any more; it may be the one at hand.
  void Remove(FollowCursor& cursor);
  // Asks the handler anew where to begin.
  void Restart(FollowCursor& cursor);
  void set_page_bytes(size_t bytes) { options_.page_bytes = bytes; }

  // Asks where to begin, on the caller's thread: what is wrong with a point is known when it
  // returns. Then starts the thread. Once.
  void Start();

  // Ends the pace at hand: somebody waits.
  void Hurry();
  // Runs a task between two batches' pages; false, and it is not run, once the follower ended.
  bool Post(std::function<void()> task);
  // The same, and waits until it ran. Not from the follower's thread.
  bool Run(const std::function<void()>& task);

  // Waits until every cursor took all that the log has; false if that took longer, or it stops.
  bool WaitCaughtUp(std::chrono::microseconds timeout);
  // Counts the pages that were taken. To wait until something else is so: read the count, look,
  // wait for another count. False after the timeout, or if it stops.
  uint64_t advances() const;
  bool WaitAdvance(uint64_t seen, std::chrono::microseconds timeout);
  // Nothing of a cursor that was removed.
  FollowProgress Progress(const FollowCursor& cursor) const;

  bool stopping() const { return stopping_; }
  // Ends the thread after the batch, task or turn at hand. Idempotent.
  void Stop();

 private:
  struct Turn {
    bool moved = false;
    bool live = true;       // All that moved came from memory, and there was no more of it.
    bool caught_up = true;  // Nothing moved, nothing failed.
  };
  // What other threads see of a cursor.
  struct Shown {
    PartitionId partition;
    FollowPoint done;
    int64_t behind_since_us = 0;  // Monotonic; 0: caught up.
    uint64_t wakes = 0;           // By the log, so far.
    std::string error;
  };

  void Loop();
  bool BeginTurn();
  void RunTasks();
  Turn Look();
  void Step(FollowCursor& cursor, Turn& turn);
  absl::Status Open(FollowCursor& cursor);
  absl::Status TakePage(FollowCursor& cursor, const BatchSubscription::Page& page);
  void Advance(FollowCursor& cursor);
  void Fail(FollowCursor& cursor, const absl::Status& status);
  void Rest(const Turn& turn, const FollowRest& rest);
  bool Sleep(int64_t until_us);
  void Pause(std::chrono::microseconds time);
  bool MayChangeCursors() const;

  // Called from the appending thread.
  void Wake(const FollowCursor* cursor);
  uint64_t WakesOf(const FollowCursor& cursor) const;
  void NoteLevel(const FollowCursor& cursor, uint64_t wakes, int64_t polled_us);
  void NoteBehind(const FollowCursor& cursor, int64_t since_us, bool anew);

  // Constant after construction.
  EventLog& log_;
  FollowHandler& handler_;

  // The thread's own.
  LogFollowerOptions options_;
  std::vector<std::unique_ptr<FollowCursor>> cursors_;

  std::atomic<bool> stopping_ = false;
  std::atomic<bool> started_ = false;
  std::atomic<bool> at_work_ = false;  // The thread is in a callback or between two.

  // Never held while the log is asked: the log calls Wake.
  mutable base::Mutex mu_;
  base::CondVar wake_;                         // There is something to do.
  base::CondVar advanced_;                     // A page was taken.
  bool woken_ ABSL_GUARDED_BY(mu_) = false;    // By the log.
  bool hurried_ ABSL_GUARDED_BY(mu_) = false;  // By a caller.
  bool ended_ ABSL_GUARDED_BY(mu_) = false;    // Takes no tasks any more.
  uint64_t advances_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  std::map<const FollowCursor*, Shown> shown_ ABSL_GUARDED_BY(mu_);

  base::Mutex stop_mu_;
  base::Worker worker_ ABSL_GUARDED_BY(stop_mu_);  // Last: its thread uses all of the above.
};

}  // namespace dealog::eventstore
