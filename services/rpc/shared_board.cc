#include "services/rpc/shared_board.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/views/queries.h"
#include "services/commands/sequencer.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {

using eventstore::Position;

SharedBoard::SharedBoard(const BoardParts& parts, BoardKey key, std::atomic<uint64_t>& computations)
    : parts_(parts),
      key_(std::move(key)),
      computations_(computations),
      deals_(key_.pipeline, key_.filter) {
  query_.set_pipeline(key_.pipeline);
  query_.set_filter(key_.filter);
  query_.set_cards_per_column(0);
}

SharedBoard::~SharedBoard() {
  if (watch_id_ != 0) parts_.runner.Unwatch(watch_id_);
}

void SharedBoard::Start(Position not_before) {
  const auto watch = parts_.runner.Watch(key_.tenant, [weak = weak_from_this()] {
    if (const auto board = weak.lock()) board->Changed();
  });
  if (!watch.ok()) {
    // Whoever joined meanwhile has been told to wait.
    base::MutexLock lock(mu_);
    failure_ = watch.status();
    std::vector<uint64_t> wake;
    for (const auto& [id, seat] : seats_) wake.push_back(id);
    WakeLocked(wake);
    return;
  }
  watch_id_ = *watch;
  // Computed earlier, it would lack what its watcher has just written, its pipeline perhaps. No
  // thread waits meanwhile; if the wait fails the computation meets the reason itself.
  const absl::Time deadline = absl::FromUnixMicros(parts_.clock.NowMicros()) + kReadWait;
  parts_.runner.WhenFresh(key_.tenant,
                          {.kind = projections::Freshness::Kind::kAtLeast,
                           .position = not_before,
                           .views = projections::AsNames(projections::kDealReads)},
                          deadline, [weak = weak_from_this()](const absl::Status&) {
                            if (const auto board = weak.lock()) board->Ready();
                          });
}

uint64_t SharedBoard::Enter(Seat seat) {
  base::MutexLock lock(mu_);
  seats_.emplace(next_seat_, std::move(seat));
  return next_seat_++;
}

void SharedBoard::Leave(uint64_t id) {
  base::MutexLock lock(mu_);
  seats_.erase(id);
  while (waking_ == id) woken_all_.Wait(mu_);
}

bool SharedBoard::failed() const {
  base::MutexLock lock(mu_);
  return !failure_.ok();
}

absl::StatusOr<SharedBoard::Bytes> SharedBoard::Next(uint64_t id) {
  base::MutexLock lock(mu_);
  const auto found = seats_.find(id);
  DEALOG_CHECK(found != seats_.end()) << "a watcher that left asks for more";
  Seat& seat = found->second;
  if (!failure_.ok()) return failure_;
  if (!newest_) return nullptr;
  const bool new_here = seat.seen == 0;
  // His first board is as fresh as every read: it shows what was written before the call.
  if (new_here && static_cast<uint64_t>(newest_->position()) < seat.not_before.value) {
    return nullptr;
  }
  DEALOG_CHECK(seat.seen <= last_);
  if (seat.seen == last_) return nullptr;
  const uint64_t behind = last_ - seat.seen;
  if (new_here || behind > changes_.size()) {
    // Not message by message: one who can't keep up would never see the present.
    seat.seen = last_;
    return WholeLocked();
  }
  ++seat.seen;
  return changes_[changes_.size() - behind];
}

SharedBoard::Bytes SharedBoard::WholeLocked() {
  if (whole_ == nullptr) {
    v1::WatchBoardResponse message;
    *message.mutable_board() = *newest_;
    whole_ = std::make_shared<const std::string>(message.SerializeAsString());
  }
  return whole_;
}

void SharedBoard::Ready() {
  base::MutexLock lock(mu_);
  ready_ = true;
  ScheduleLocked();
}

void SharedBoard::Changed() {
  base::MutexLock lock(mu_);
  if (ready_) ScheduleLocked();
}

void SharedBoard::ScheduleLocked() {
  again_ = true;
  if (scheduled_ || !failure_.ok()) return;
  scheduled_ = true;
  // Alone a change is told at once; changes that follow each other gather.
  const int64_t due_us = begun_us_ + absl::ToInt64Microseconds(parts_.gather);
  const int64_t wait_us = begun_us_ == 0 ? 0 : due_us - base::MonotonicMicros();
  parts_.streams.ContinueAfter(absl::Microseconds(std::max<int64_t>(wait_us, 0)),
                               [board = shared_from_this()] { board->Submit(); });
}

void SharedBoard::Submit() {
  const absl::Status queued =
      parts_.reads.Submit(key_.tenant, [board = shared_from_this()] { board->Compute(); });
  if (queued.ok()) return;
  // Too many read: the change is told a little later, with what comes until then.
  parts_.streams.ContinueAfter(std::max(parts_.gather, kOverloadedRetry),
                               [board = shared_from_this()] { board->Submit(); });
}

// Computes without the lock; then tells everybody.
void SharedBoard::Compute() {
  std::optional<v1::GetBoardResponse> before;
  {
    base::MutexLock lock(mu_);
    again_ = false;
    begun_us_ = base::MonotonicMicros();
    before = newest_;
  }
  absl::StatusOr<std::optional<Computed>> computed = ComputeOnce(before);
  base::MutexLock lock(mu_);
  WakeLocked(TakeLocked(std::move(computed)));
  scheduled_ = false;
  if (again_) ScheduleLocked();
}

std::vector<uint64_t> SharedBoard::TakeLocked(absl::StatusOr<std::optional<Computed>> computed) {
  std::vector<uint64_t> wake;
  if (computed.ok() && !computed->has_value()) return wake;
  bool told = true;
  if (!computed.ok()) {
    failure_ = computed.status();
  } else {
    Computed& now = **computed;
    DEALOG_CHECK(!newest_ || newest_->position() < now.board.position());
    newest_ = std::move(now.board);
    whole_ = nullptr;
    told = now.change != nullptr;
    if (told) {
      changes_.push_back(std::move(now.change));
      if (changes_.size() > kWatchChangesMax) changes_.pop_front();
    }
    // Of the first board nobody needs a message that leads to it.
    if (told || last_ == 0) ++last_;
  }
  // Who has no board yet may have waited for this position.
  for (const auto& [id, seat] : seats_) {
    if (told || seat.seen == 0) wake.push_back(id);
  }
  return wake;
}

// One at a time, so that Leave can wait for it; without the lock, for he may ask at once.
void SharedBoard::WakeLocked(const std::vector<uint64_t>& seats) {
  for (const uint64_t id : seats) {
    const auto found = seats_.find(id);
    if (found == seats_.end()) continue;
    const std::function<void()> wake = found->second.wake;
    waking_ = id;
    mu_.Unlock();
    if (wake) wake();
    mu_.Lock();
    waking_ = 0;
    woken_all_.NotifyAll();
  }
}

// Nothing if the views stand where they stood.
absl::StatusOr<std::optional<SharedBoard::Computed>> SharedBoard::ComputeOnce(
    const std::optional<v1::GetBoardResponse>& before) {
  const int64_t now_us = parts_.clock.NowMicros();
  const absl::StatusOr<projections::TenantRead> read =
      parts_.runner.ReadNow(key_.tenant, {.views = projections::AsNames(projections::kDealReads)});
  // While a view is folded anew: the runner calls Changed when it can be read.
  if (base::ReasonOf(read.status()) == "VIEW_BEHIND") return std::nullopt;
  RETURN_IF_ERROR(read.status());
  const projections::TenantRead& views = *read;
  const Position position = views->position();
  if (before && position.value == static_cast<uint64_t>(before->position())) return std::nullopt;
  computations_.fetch_add(1, std::memory_order_relaxed);
  Computed computed;
  ASSIGN_OR_RETURN(computed.board, projections::GetBoard(*views, query_, {}, now_us));
  computed.board.set_token(BoardToken(parts_.log, key_.tenant, position));
  if (before) {
    ASSIGN_OR_RETURN(computed.change, ChangeOf(*views, *before, computed.board));
  } else {
    RETURN_IF_ERROR(deals_.Begin(*views));
  }
  return computed;
}

absl::StatusOr<SharedBoard::Bytes> SharedBoard::ChangeOf(const projections::TenantViews& views,
                                                         const v1::GetBoardResponse& before,
                                                         const v1::GetBoardResponse& now) {
  const Position after{static_cast<uint64_t>(before.position())};
  ASSIGN_OR_RETURN(std::optional<std::vector<v1::Deal>> deals,
                   deals_.ChangedAfter(views, after, kWatchDealsMax));
  v1::WatchBoardResponse message;
  if (!deals || !SameColumns(before, now)) {
    // The deals that changed can't be cut in two at a position; and a change can't take columns
    // away.
    *message.mutable_board() = now;
  } else {
    v1::BoardChange& change = *message.mutable_columns();
    change.set_position(now.position());
    for (v1::BoardColumn& column : ChangedColumns(before, now)) {
      *change.add_columns() = std::move(column);
    }
    for (v1::Deal& deal : *deals) *change.add_deals() = std::move(deal);
    if (change.columns_size() == 0 && change.deals_size() == 0) return nullptr;
  }
  return std::make_shared<const std::string>(message.SerializeAsString());
}

// ---- Watchers --------------------------------------------------------------------------------

class SharedBoards::Watcher final : public StreamSource {
 public:
  Watcher(SharedBoards& boards, BoardKey key, Position not_before)
      : boards_(boards),
        key_(std::move(key)),
        not_before_(not_before),
        joined_(boards.Join(key_, not_before)) {}
  ~Watcher() override {
    SetWake({});
    joined_.board.reset();
    boards_.Leave(key_);
  }

  // He sits down with his wake, and gets up when it is cleared.
  void SetWake(std::function<void()> wake) override {
    if (seat_) joined_.board->Leave(*seat_);
    seat_.reset();
    wake_ = std::move(wake);
    if (wake_) seat_ = joined_.board->Enter({.not_before = not_before_, .wake = wake_});
  }

  absl::StatusOr<Item> Next() override {
    DEALOG_CHECK(seat_.has_value()) << "a source is asked while it has its wake";
    absl::StatusOr<SharedBoard::Bytes> bytes = joined_.board->Next(*seat_);
    if (!bytes.ok() && !joined_.fresh && !has_board_) {
      // It failed for who came before him, who knew less: the pipeline may have been made since.
      Rejoin();
      bytes = joined_.board->Next(*seat_);
    }
    if (!bytes.ok()) return bytes.status();
    if (*bytes == nullptr) return Item::Wait();
    has_board_ = true;
    return Item::Shared(*std::move(bytes));
  }

 private:
  void Rejoin() {
    const std::function<void()> wake = wake_;
    SetWake({});
    boards_.Leave(key_);
    joined_ = boards_.Join(key_, not_before_);
    SetWake(wake);
  }

  SharedBoards& boards_;
  const BoardKey key_;
  const Position not_before_;
  Joined joined_;
  std::function<void()> wake_;
  std::optional<uint64_t> seat_;  // While he has a wake.
  bool has_board_ = false;
};

std::unique_ptr<StreamSource> SharedBoards::Watch(BoardKey key, Position not_before) {
  return std::make_unique<Watcher>(*this, std::move(key), not_before);
}

SharedBoards::Joined SharedBoards::Join(const BoardKey& key, Position not_before) {
  Joined joined;
  {
    base::MutexLock lock(mu_);
    Entry& entry = boards_[key];
    ++entry.watchers;
    joined.board = entry.board.lock();
    // One that has ended with an error is no use to who comes later: he may meet better times.
    joined.fresh = joined.board == nullptr || joined.board->failed();
    if (joined.fresh) {
      joined.board = std::make_shared<SharedBoard>(parts_, key, computations_);
      entry.board = joined.board;
    }
  }
  if (joined.fresh) joined.board->Start(not_before);
  return joined;
}

void SharedBoards::Leave(const BoardKey& key) {
  base::MutexLock lock(mu_);
  const auto found = boards_.find(key);
  DEALOG_CHECK(found != boards_.end() && found->second.watchers > 0);
  if (--found->second.watchers == 0) boards_.erase(found);
}

SharedBoards::Counts SharedBoards::counts() const {
  base::MutexLock lock(mu_);
  Counts counts{.boards = boards_.size(), .computations = computations_.load()};
  for (const auto& [key, entry] : boards_) counts.watchers += entry.watchers;
  return counts;
}

std::vector<v1::BoardColumn> ChangedColumns(const v1::GetBoardResponse& before,
                                            const v1::GetBoardResponse& now) {
  std::vector<v1::BoardColumn> changed;
  for (int i = 0; i < now.columns_size(); ++i) {
    const bool same = i < before.columns_size() &&
                      before.columns(i).SerializeAsString() == now.columns(i).SerializeAsString();
    if (!same) changed.push_back(now.columns(i));
  }
  return changed;
}

bool SameColumns(const v1::GetBoardResponse& before, const v1::GetBoardResponse& now) {
  return before.pipeline() == now.pipeline() &&
         std::equal(before.columns().begin(), before.columns().end(), now.columns().begin(),
                    now.columns().end(), [](const v1::BoardColumn& a, const v1::BoardColumn& b) {
                      return a.stage_id() == b.stage_id();
                    });
}

std::string BoardToken(const eventstore::EventLog& log, const eventstore::TenantId& tenant,
                       Position position) {
  const eventstore::PartitionId partition = log.PartitionOf(tenant);
  return commands::EncodeToken(partition, log.BatchHead(partition).owner_epoch, position);
}

}  // namespace dealog::rpc
