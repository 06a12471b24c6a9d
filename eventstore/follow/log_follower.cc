#include "eventstore/follow/log_follower.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/one_shot.h"
#include "eventstore/base/status.h"
#include "eventstore/follow/point.h"

namespace dealog::eventstore {
namespace {

size_t BytesOf(const std::vector<BatchPtr>& batches) {
  size_t bytes = 0;
  for (const BatchPtr& batch : batches) {
    for (const CommitPtr& commit : batch->commits) bytes += commit->bytes().size();
  }
  return bytes;
}

std::chrono::microseconds Until(int64_t time_us) {
  return std::chrono::microseconds(time_us - base::MonotonicMicros());
}

}  // namespace

LogFollower::LogFollower(EventLog& log, FollowHandler& handler, LogFollowerOptions options)
    : log_(log), handler_(handler), options_(std::move(options)) {
  DEALOG_CHECK(options_.page_bytes > 0) << options_.name;
}

// ---- Cursors -----------------------------------------------------------------------------------

bool LogFollower::MayChangeCursors() const { return !started_ || at_work_; }

FollowCursor& LogFollower::Add(PartitionId partition) {
  DEALOG_CHECK(MayChangeCursors()) << options_.name;
  DEALOG_CHECK(partition.value < log_.partition_count()) << partition.value;
  cursors_.push_back(std::unique_ptr<FollowCursor>(new FollowCursor(*this, partition)));
  FollowCursor& cursor = *cursors_.back();
  base::MutexLock lock(mu_);
  shown_[&cursor].partition = partition;
  woken_ = true;  // The turn at hand may be over.
  return cursor;
}

void LogFollower::Remove(FollowCursor& cursor) {
  DEALOG_CHECK(MayChangeCursors() && &cursor.owner_ == this) << options_.name;
  DEALOG_CHECK(!cursor.removed_) << "a cursor is removed once";
  cursor.removed_ = true;  // Let go of in the next turn: it may be the one at hand.
  cursor.subscription_.reset();
  base::MutexLock lock(mu_);
  shown_.erase(&cursor);
  ++advances_;  // Whoever waits for all cursors need not wait for this one.
  advanced_.NotifyAll();
}

void LogFollower::Restart(FollowCursor& cursor) {
  DEALOG_CHECK(MayChangeCursors() && &cursor.owner_ == this) << options_.name;
  cursor.subscription_.reset();
  cursor.retry_at_us_ = 0;
  base::MutexLock lock(mu_);
  shown_.at(&cursor).done = {};  // Until the handler has said it.
  woken_ = true;
}

// ---- From any thread ---------------------------------------------------------------------------

void LogFollower::Start() {
  DEALOG_CHECK(!started_) << options_.name << " is started once";
  for (size_t i = 0; i < cursors_.size(); ++i) {
    FollowCursor& cursor = *cursors_[i];
    if (cursor.removed_ || cursor.subscription_ != nullptr) continue;
    if (const absl::Status opened = Open(cursor); !opened.ok()) Fail(cursor, opened);
  }
  started_ = true;
  base::MutexLock lock(stop_mu_);
  worker_ = base::Worker(options_.name, [this] { Loop(); });
}

void LogFollower::Hurry() {
  base::MutexLock lock(mu_);
  hurried_ = true;
  wake_.NotifyAll();
}

bool LogFollower::Post(std::function<void()> task) {
  base::MutexLock lock(mu_);
  if (ended_) return false;
  tasks_.push_back(std::move(task));
  wake_.NotifyAll();
  return true;
}

bool LogFollower::Run(const std::function<void()>& task) {
  DEALOG_CHECK(started_) << options_.name << ": nobody would run it";
  base::OneShot<bool> ran;
  if (!Post([&] {
        task();
        ran.Set(true);
      })) {
    return false;
  }
  return ran.Wait();
}

bool LogFollower::WaitCaughtUp(std::chrono::microseconds timeout) {
  const int64_t until_us = base::MonotonicMicros() + timeout.count();
  for (;;) {
    const uint64_t seen = advances();
    std::vector<std::pair<PartitionId, BatchNumber>> done;
    {
      base::MutexLock lock(mu_);
      for (const auto& [cursor, shown] : shown_) {
        done.emplace_back(shown.partition, shown.done.number);
      }
    }
    const auto is_level = [this](const auto& cursor) {
      return cursor.second >= log_.BatchHead(cursor.first).number;
    };
    if (std::all_of(done.begin(), done.end(), is_level)) return true;
    if (!WaitAdvance(seen, Until(until_us))) return false;
  }
}

uint64_t LogFollower::advances() const {
  base::MutexLock lock(mu_);
  return advances_;
}

bool LogFollower::WaitAdvance(uint64_t seen, std::chrono::microseconds timeout) {
  const int64_t until_us = base::MonotonicMicros() + timeout.count();
  base::MutexLock lock(mu_);
  while (advances_ == seen) {
    const std::chrono::microseconds left = Until(until_us);
    if (left.count() <= 0 || stopping_) return false;
    advanced_.WaitFor(mu_, left);
  }
  return true;
}

FollowProgress LogFollower::Progress(const FollowCursor& cursor) const {
  const BatchNumber head = log_.BatchHead(cursor.partition_).number;
  base::MutexLock lock(mu_);
  const auto found = shown_.find(&cursor);
  if (found == shown_.end()) return {};
  const Shown& shown = found->second;
  FollowProgress progress{.done = shown.done, .error = shown.error};
  if (head > shown.done.number && shown.behind_since_us > 0) {
    progress.lag_seconds =
        static_cast<double>(base::MonotonicMicros() - shown.behind_since_us) / 1e6;
  }
  return progress;
}

void LogFollower::Stop() {
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    ended_ |= !started_;
    wake_.NotifyAll();
    advanced_.NotifyAll();
  }
  base::MutexLock lock(stop_mu_);
  worker_.Join();
}

// ---- The follower's thread ---------------------------------------------------------------------

void LogFollower::Loop() {
  at_work_ = true;
  while (BeginTurn()) {
    RunTasks();
    const Turn turn = Look();
    const FollowRest rest = handler_.OnTurn(turn.caught_up);
    at_work_ = false;
    Rest(turn, rest);
    at_work_ = true;
  }
  {
    base::MutexLock lock(mu_);
    ended_ = true;
  }
  RunTasks();  // Their callers wait.
  handler_.OnStop();
  for (const auto& cursor : cursors_) cursor->subscription_.reset();
  at_work_ = false;
}

// False: stop. What wakes from now on is for the turn after this one.
bool LogFollower::BeginTurn() {
  base::MutexLock lock(mu_);
  woken_ = false;
  hurried_ = false;
  return !stopping_;
}

void LogFollower::RunTasks() {
  for (;;) {
    std::function<void()> task;
    {
      base::MutexLock lock(mu_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

LogFollower::Turn LogFollower::Look() {
  std::erase_if(cursors_, [](const auto& cursor) { return cursor->removed_; });
  Turn turn;
  // By index: the handler may add cursors meanwhile.
  for (size_t i = 0; i < cursors_.size() && !stopping_; ++i) {
    FollowCursor& cursor = *cursors_[i];
    if (!cursor.removed_) Step(cursor, turn);
    // One that is to begin anew has not caught up, whatever it said.
    turn.caught_up &= cursor.removed_ || cursor.subscription_ != nullptr;
  }
  return turn;
}

void LogFollower::Step(FollowCursor& cursor, Turn& turn) {
  const int64_t polled_us = base::MonotonicMicros();
  if (cursor.retry_at_us_ > polled_us) {
    turn.caught_up = false;
    return;
  }
  absl::StatusOr<BatchSubscription::Page> page;
  absl::Status status;
  bool all = false;
  if (cursor.subscription_ == nullptr) status = Open(cursor);
  if (status.ok()) {
    const uint64_t wakes = WakesOf(cursor);
    page = cursor.subscription_->Poll(options_.page_bytes);
    if (page.ok() && page->items.empty()) {
      NoteLevel(cursor, wakes, polled_us);
      handler_.OnCaughtUp(cursor);
      return;
    }
    // A page that was not filled, and from memory, has everything there was.
    all = page.ok() && page->from_ring && BytesOf(page->items) < options_.page_bytes / 2;
    NoteBehind(cursor, polled_us, /*anew=*/false);
    turn.live &= all;
    status = page.ok() ? TakePage(cursor, *page) : page.status();
  }
  turn.caught_up = false;
  if (stopping_ || cursor.removed_) return;
  if (!status.ok()) return Fail(cursor, status);
  // What is missing now was published since the poll.
  if (all) NoteBehind(cursor, polled_us, /*anew=*/true);
  turn.moved = true;
}

absl::Status LogFollower::Open(FollowCursor& cursor) {
  ASSIGN_OR_RETURN(FollowPoint point, handler_.Begin(cursor));
  DEALOG_CHECK(!cursor.removed_) << options_.name << ": removed while it begins";
  absl::Status valid = CheckPoint(log_, cursor.partition_, point);
  if (IsForked(valid)) {
    ASSIGN_OR_RETURN(point, handler_.OnForked(cursor, valid));
    valid = CheckPoint(log_, cursor.partition_, point);
  }
  RETURN_IF_ERROR(valid);
  ASSIGN_OR_RETURN(auto subscription, log_.SubscribePartition(cursor.partition_, point.number));
  subscription->SetWake([this, key = &cursor] { Wake(key); });
  cursor.subscription_ = std::move(subscription);
  cursor.retry_at_us_ = 0;
  cursor.point_ = point;
  base::MutexLock lock(mu_);
  shown_[&cursor].done = std::move(point);
  ++advances_;
  advanced_.NotifyAll();
  return absl::OkStatus();
}

absl::Status LogFollower::TakePage(FollowCursor& cursor, const BatchSubscription::Page& page) {
  for (const BatchPtr& batch : page.items) {
    DEALOG_CHECK(batch->number.value == cursor.point_.number.value + 1)
        << options_.name << ": batch " << batch->number.value << " after "
        << cursor.point_.number.value;
    DEALOG_CHECK(batch->digest.size() == sizeof(base::Digest)) << batch->number.value;
    cursor.point_ = {batch->number, batch->digest};
    RETURN_IF_ERROR(handler_.OnBatch(cursor, *batch,
                                     {.live = page.from_ring, .last = batch == page.items.back()}));
    // Removed, or to be asked anew, by the handler: the rest of the page is not its any more.
    if (stopping_ || cursor.removed_ || cursor.subscription_ == nullptr) return absl::OkStatus();
  }
  Advance(cursor);
  return absl::OkStatus();
}

void LogFollower::Advance(FollowCursor& cursor) {
  base::MutexLock lock(mu_);
  Shown& shown = shown_.at(&cursor);
  DEALOG_CHECK(cursor.point_.number > shown.done.number) << options_.name;
  shown.done = cursor.point_;
  shown.error.clear();
  ++advances_;
  advanced_.NotifyAll();
}

void LogFollower::Fail(FollowCursor& cursor, const absl::Status& status) {
  cursor.subscription_.reset();
  const int64_t now_us = base::MonotonicMicros();
  cursor.retry_at_us_ = now_us + options_.retry.count();
  bool is_new = false;
  {
    base::MutexLock lock(mu_);
    Shown& shown = shown_.at(&cursor);
    if (shown.behind_since_us == 0) shown.behind_since_us = now_us;
    is_new = shown.error != status.message();
    shown.error = std::string(status.message());
  }
  if (is_new) handler_.OnFailure(cursor, status);
}

void LogFollower::Rest(const Turn& turn, const FollowRest& rest) {
  if (turn.moved) {
    // Only who is caught up is woken for what comes next; who is not looks again by itself.
    if (turn.live && !rest.hurry) Pause(options_.pace);
    return;
  }
  int64_t until_us = rest.until_us;
  for (const auto& cursor : cursors_) {
    const bool waits = !cursor->removed_ && cursor->retry_at_us_ != 0;
    if (waits) until_us = std::min(until_us, cursor->retry_at_us_);
  }
  if (Sleep(until_us) && !rest.hurry) Pause(options_.gather);
}

// True if it was the log that ended it.
bool LogFollower::Sleep(int64_t until_us) {
  base::MutexLock lock(mu_);
  while (!woken_ && !hurried_ && !stopping_ && tasks_.empty()) {
    if (until_us == INT64_MAX) {
      wake_.Wait(mu_);
      continue;
    }
    const std::chrono::microseconds left = Until(until_us);
    if (left.count() <= 0) break;
    wake_.WaitFor(mu_, left);
  }
  return woken_;
}

void LogFollower::Pause(std::chrono::microseconds time) {
  const int64_t until_us = base::MonotonicMicros() + time.count();
  base::MutexLock lock(mu_);
  while (!hurried_ && !stopping_ && tasks_.empty()) {
    const std::chrono::microseconds left = Until(until_us);
    if (left.count() <= 0) return;
    wake_.WaitFor(mu_, left);
  }
}

// ---- How far behind ----------------------------------------------------------------------------

void LogFollower::Wake(const FollowCursor* cursor) {
  base::MutexLock lock(mu_);
  woken_ = true;
  if (const auto shown = shown_.find(cursor); shown != shown_.end()) {
    ++shown->second.wakes;
    int64_t& since_us = shown->second.behind_since_us;
    if (since_us == 0) since_us = base::MonotonicMicros();
  }
  wake_.NotifyAll();
}

uint64_t LogFollower::WakesOf(const FollowCursor& cursor) const {
  base::MutexLock lock(mu_);
  return shown_.at(&cursor).wakes;
}

// A poll that began at `polled_us`, after so many wakes, found nothing. What was published since
// wakes, and is counted.
void LogFollower::NoteLevel(const FollowCursor& cursor, uint64_t wakes, int64_t polled_us) {
  base::MutexLock lock(mu_);
  Shown& shown = shown_.at(&cursor);
  shown.behind_since_us = shown.wakes == wakes ? 0 : polled_us;
  shown.error.clear();
}

// Behind at least since then, if it is not known yet or `anew`.
void LogFollower::NoteBehind(const FollowCursor& cursor, int64_t since_us, bool anew) {
  base::MutexLock lock(mu_);
  int64_t& behind_since_us = shown_.at(&cursor).behind_since_us;
  if (anew || behind_since_us == 0) behind_since_us = since_us;
}

}  // namespace dealog::eventstore
