#pragma once

// Boards that are watched: one for all watchers of the same pipeline and filter of a tenant. It is
// computed once per change, however many watch, and what changed is serialised once and handed to
// all.
//
//   ASSIGN_OR_RETURN(auto watcher, boards.Watch(tenant, request, not_before));   // a StreamSource

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dealog/v1/board.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"
#include "projections/runtime/runner.h"
#include "projections/views/watched_deals.h"
#include "services/rpc/executor.h"
#include "services/rpc/fair_executor.h"
#include "services/rpc/limits.h"
#include "services/rpc/stream.h"

namespace dealog::rpc {

// What boards are made from. All outlive the boards.
struct BoardParts {
  eventstore::EventLog& log;
  projections::Runner& runner;
  const base::Clock& clock;
  Executor& streams;    // Lets changes gather.
  FairExecutor& reads;  // Computes.
  absl::Duration gather = kWatchGather;
};

// Which board. Pipeline and filter as the watcher wrote them.
struct BoardKey {
  eventstore::TenantId tenant;
  std::string pipeline;
  std::string filter;
  auto operator<=>(const BoardKey&) const = default;
};

// One watched board: the newest one, and the messages that lead to it from those before.
// Thread safety: yes. Ownership: of its watchers; the last one takes it along.
// Invariants: message n leads from what message n - 1 left to its own board; the newest board is
// that of the last message, at its position or a later one at which nothing else of it had changed;
// at most one computation is queued or runs.
class SharedBoard : public std::enable_shared_from_this<SharedBoard> {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  // `computations` is counted up, once per computation.
  SharedBoard(const BoardParts& parts, BoardKey key, std::atomic<uint64_t>& computations);
  ~SharedBoard();

  // Begins to follow the tenant, and computes the first board once the views have what the log
  // holds up to `not_before`. Once, after construction.
  void Start(eventstore::Position not_before);

  // The place of a watcher.
  struct Seat {
    eventstore::Position not_before;  // Of the log, when he came.
    uint64_t seen = 0;                // The last message that he was given; 0 = none.
    std::function<void()> wake;
  };
  uint64_t Enter(Seat seat);
  // After it returns the watcher is not woken any more.
  void Leave(uint64_t id);
  // What comes next for a watcher: a serialised v1::WatchBoardResponse, or null for nothing yet.
  // The whole board for one who is new, or further behind than kWatchChangesMax messages. An error
  // that ended the board.
  absl::StatusOr<Bytes> Next(uint64_t id);
  bool failed() const;

 private:
  // A board that was computed, and what its watchers are told of it.
  struct Computed {
    v1::GetBoardResponse board;
    Bytes change;  // Null: nothing changed.
  };

  void Ready();
  void Changed();
  void Compute();
  absl::StatusOr<std::optional<Computed>> ComputeOnce(
      const std::optional<v1::GetBoardResponse>& before);
  absl::StatusOr<Bytes> ChangeOf(const projections::TenantViews& views,
                                 const v1::GetBoardResponse& before,
                                 const v1::GetBoardResponse& now);
  // Queues a computation unless one is queued or runs already.
  void ScheduleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Submit();
  // Takes over what was computed; says whom to wake.
  std::vector<uint64_t> TakeLocked(absl::StatusOr<std::optional<Computed>> computed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Unlocks while it calls them.
  void WakeLocked(const std::vector<uint64_t>& seats) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Bytes WholeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const BoardParts parts_;
  const BoardKey key_;
  std::atomic<uint64_t>& computations_;
  v1::GetBoardRequest query_;
  uint64_t watch_id_ = 0;  // Set by Start.

  projections::WatchedDeals deals_;  // The computation's, of which there is one at a time.

  // Guarded by mu_.
  mutable base::Mutex mu_;
  base::CondVar woken_all_;
  std::map<uint64_t, Seat> seats_ ABSL_GUARDED_BY(mu_);
  uint64_t next_seat_ ABSL_GUARDED_BY(mu_) = 1;
  std::optional<v1::GetBoardResponse> newest_ ABSL_GUARDED_BY(mu_);
  Bytes whole_ ABSL_GUARDED_BY(mu_);                // newest_, serialised when first needed.
  std::deque<Bytes> changes_ ABSL_GUARDED_BY(mu_);  // The last messages, up to message last_.
  uint64_t last_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  bool ready_ ABSL_GUARDED_BY(mu_) = false;      // The views have what Start was asked for.
  bool scheduled_ ABSL_GUARDED_BY(mu_) = false;  // A computation is queued or runs.
  bool again_ ABSL_GUARDED_BY(mu_) = false;      // Something changed since it began.
  int64_t begun_us_ ABSL_GUARDED_BY(mu_) = 0;    // When the last one began, monotonic.
  uint64_t waking_ ABSL_GUARDED_BY(mu_) = 0;     // The seat that is being woken; 0 = none.
};

// The boards that somebody watches. Thread safety: yes. Ownership: of none; watchers hold theirs.
class SharedBoards {
 public:
  explicit SharedBoards(const BoardParts& parts) : parts_(parts) {}

  // A watcher of the board; his first message shows at least what the log holds up to `not_before`.
  std::unique_ptr<StreamSource> Watch(BoardKey key, eventstore::Position not_before);

  struct Counts {
    size_t boards = 0;
    size_t watchers = 0;
    uint64_t computations = 0;  // Since the start.
  };
  Counts counts() const;

 private:
  struct Entry {
    std::weak_ptr<SharedBoard> board;
    size_t watchers = 0;
  };
  class Watcher;

  struct Joined {
    std::shared_ptr<SharedBoard> board;
    bool fresh = false;  // Made for who joined.
  };
  Joined Join(const BoardKey& key, eventstore::Position not_before);
  void Leave(const BoardKey& key);

  const BoardParts parts_;
  std::atomic<uint64_t> computations_{0};
  mutable base::Mutex mu_;
  std::map<BoardKey, Entry> boards_ ABSL_GUARDED_BY(mu_);
};

// The columns of `now` that differ from those of `before`: another count, total or label, new or
// moved. Pure. Says nothing of columns that are gone: see SameColumns.
std::vector<v1::BoardColumn> ChangedColumns(const v1::GetBoardResponse& before,
                                            const v1::GetBoardResponse& now);

// Whether both have the same stages in the same order, and bear the same name. Pure.
bool SameColumns(const v1::GetBoardResponse& before, const v1::GetBoardResponse& now);

// Commit token of a position, for Consistency.at_least.
std::string BoardToken(const eventstore::EventLog& log, const eventstore::TenantId& tenant,
                       eventstore::Position position);

}  // namespace dealog::rpc
