#include "projections/runtime/follower.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "projections/runtime/flush.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {
namespace {

absl::Time Now() { return absl::FromUnixMicros(base::SystemClock().NowMicros()); }

absl::Status Stopping() {
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY", "the server is stopping; retry");
}

}  // namespace

Follower::Follower(const FollowerContext& context, eventstore::PartitionId partition,
                   std::span<const ViewCheckpoint> start, const absl::Status& trouble)
    : context_(context),
      partition_(partition),
      progress_(context.views.size()),
      tenants_(context.log, context.store, context.views, progress_,
               [this](ViewIndex view, const absl::Status& status) {
                 FailView(view, status);
                 context_.rebuild(view, status);
               }) {
  std::map<eventstore::BatchNumber, std::vector<ViewIndex>> by_number;
  for (ViewIndex i = 0; i < start.size(); ++i) {
    by_number[start[i].number].push_back(i);
    progress_.Start(i, start[i].number, base::MonotonicMicros());
  }
  for (auto& [number, views] : by_number) {
    const std::string& digest = start[views.front()].digest;
    lanes_.Add(number, digest, std::move(views));
  }
  for (ViewIndex i = 0; i < start.size() && !trouble.ok(); ++i) FailView(i, trouble);
}

void Follower::Start() {
  worker_ = base::Worker("views-fold", [this] { Loop(); });
}

// ---- From other threads ----------------------------------------------------------------------

void Follower::WhenFresh(const eventstore::TenantId& tenant, eventstore::Position position,
                         absl::Time deadline, FreshCallback done) {
  const TenantState* state = tenants_.Find(tenant);
  if (state != nullptr && state->reached >= position.value) return done(absl::OkStatus());
  waiters_.Add(tenant, {position, deadline, std::move(done)});
  state = tenants_.Find(tenant);
  base::MutexLock lock(mu_);
  if (state == nullptr) {
    tasks_.push_back([this, tenant] {
      const TenantState& loaded = tenants_.Get(tenant);
      waiters_.Reached(tenant, eventstore::Position{loaded.reached});
    });
  } else {
    // It may have got there between the look and Add.
    tasks_.push_back(
        [this, tenant, state] { waiters_.Reached(tenant, eventstore::Position{state->reached}); });
  }
  woken_ = true;
  changed_.NotifyAll();
}

TenantRead Follower::Read(const eventstore::TenantId& tenant) const {
  TenantState* state = tenants_.Find(tenant);
  if (state == nullptr) return nullptr;
  return LockForRead(*state, context_.views, progress_);
}

uint64_t Follower::Lag(ViewIndex view) const {
  const ViewProgress progress = progress_.Get(view);
  if (progress.number >= context_.log.BatchHead(partition_).number) return 0;
  uint64_t lag = 0;
  for (const eventstore::TenantId& tenant : context_.log.Tenants()) {
    if (context_.log.PartitionOf(tenant) != partition_) continue;
    const absl::StatusOr<eventstore::TenantHead> head = context_.log.Head(tenant);
    if (!head.ok()) continue;
    eventstore::Position applied;
    if (TenantState* state = tenants_.Find(tenant); state != nullptr) {
      base::ReaderLock lock(state->mu);
      applied = state->slots[view].applied;
    } else if (progress_.Usable(view)) {
      applied = context_.store.ReadApplied(context_.views[view].name, tenant).value_or(applied);
    }
    lag += head->position.value - std::min(applied.value, head->position.value);
  }
  return lag;
}

void Follower::AddStatus(ViewIndex view, ProjectionStatus& status) const {
  const ViewProgress progress = progress_.Get(view);
  const uint64_t lag = Lag(view);
  status.number.value += progress.number.value;
  status.events_folded += progress.events_folded;
  status.lag_events += lag;
  if (lag > 0) {
    const auto behind_us = static_cast<double>(base::MonotonicMicros() - progress.level_us);
    status.lag_seconds = std::max(status.lag_seconds, behind_us / 1e6);
  }
  if (progress.failed) {
    status.state = ProjectionStatus::State::kFailed;
  } else if (!progress.live && status.state == ProjectionStatus::State::kLive) {
    status.state = ProjectionStatus::State::kCatchingUp;
  }
  if (!progress.error.empty()) status.error = progress.error;
  tenants_.Each([&](TenantState& tenant) {
    base::ReaderLock lock(tenant.mu);
    status.row_count += tenant.slots[view].state->RowCount();
  });
}

void Follower::Detach(std::span<const ViewIndex> views) {
  RunAndWait([&] {
    for (const ViewIndex view : views) {
      lanes_.Remove(view);
      progress_.SetDetached(view);
      tenants_.Reset(view);
    }
    lanes_.Prune();
  });
}

void Follower::Attach(std::span<const ViewIndex> views, const absl::Status& dropped) {
  RunAndWait([&] {
    if (!dropped.ok()) {
      for (const ViewIndex view : views) FailView(view, dropped);
      return;
    }
    for (const ViewIndex view : views) {
      tenants_.Reset(view);
      progress_.Start(view, {}, base::MonotonicMicros());
    }
    lanes_.Add({}, {}, {views.begin(), views.end()});
  });
}

void Follower::RunAndWait(const std::function<void()>& task) {
  bool done = false;
  base::MutexLock lock(mu_);
  if (stopped_) return;
  tasks_.push_back([&] {
    task();
    base::MutexLock inner(mu_);
    done = true;
    changed_.NotifyAll();
  });
  woken_ = true;
  changed_.NotifyAll();
  while (!done) changed_.Wait(mu_);
}

void Follower::Wake() {
  base::MutexLock lock(mu_);
  woken_ = true;
  changed_.NotifyAll();
}

void Follower::Stop() {
  stopping_ = true;
  Wake();
  worker_.Join();
}

// ---- The follower's thread -------------------------------------------------------------------

void Follower::RunTasks() {
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

void Follower::Loop() {
  while (!stopping_) {
    RunTasks();
    lanes_.Merge();
    lanes_.Prune();
    bool moved = false;
    following_live_ = true;
    for (size_t i = 0; i < lanes_.size() && !stopping_; ++i) moved |= Step(lanes_[i]);
    waiters_.Expire(Now());
    if (FlushIsDue()) Flush();
    if (moved) {
      Pace();
    } else {
      Sleep();
    }
  }
  {
    base::MutexLock lock(mu_);
    stopped_ = true;
  }
  RunTasks();
  waiters_.Close(Stopping());
  Flush();
  for (size_t i = 0; i < lanes_.size(); ++i) lanes_[i].subscription.reset();
}

void Follower::Sleep() {
  const int64_t now_us = base::MonotonicMicros();
  int64_t wait_us = INT64_MAX;
  if (dirty_since_us_ != 0 && !flushing_) {
    wait_us = dirty_since_us_ + absl::ToInt64Microseconds(context_.options.flush_interval) - now_us;
  }
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].retry_at_us != 0) wait_us = std::min(wait_us, lanes_[i].retry_at_us - now_us);
  }
  if (const absl::Time deadline = waiters_.NextDeadline(); deadline != absl::InfiniteFuture()) {
    wait_us = std::min(wait_us, absl::ToInt64Microseconds(deadline - Now()) + 1);
  }
  base::MutexLock lock(mu_);
  while (!woken_ && wait_us > 0) {
    if (wait_us == INT64_MAX) {
      changed_.Wait(mu_);
    } else if (!changed_.WaitFor(mu_, std::chrono::microseconds(wait_us))) {
      break;
    }
  }
  woken_ = false;
}

// Lets batches gather, unless somebody waits for them or there are more to read already. The
// subscriptions are not armed meanwhile, so the appending thread wakes nobody.
void Follower::Pace() {
  if (!following_live_ || waiters_.NextDeadline() != absl::InfiniteFuture()) return;
  base::MutexLock lock(mu_);
  if (!woken_) changed_.WaitFor(mu_, std::chrono::microseconds(kPaceMicros));
}

bool Follower::Step(Lane& lane) {
  if (lane.retry_at_us > base::MonotonicMicros()) return false;
  const auto failed = [&](const absl::Status& status) {
    lane.subscription.reset();
    lane.retry_at_us = base::MonotonicMicros() + kRetryMicros;
    progress_.SetTrouble(lane.views, std::string(status.message()));
    return false;
  };
  if (lane.subscription == nullptr) {
    auto subscription = context_.log.SubscribePartition(partition_, lane.number);
    if (!subscription.ok()) return failed(subscription.status());
    lane.subscription = *std::move(subscription);
    lane.subscription->SetWake([this] { Wake(); });
    lane.retry_at_us = 0;
  }
  const size_t bytes = context_.options.poll_bytes / (lanes_.size() > 1 ? kRebuildPageDivisor : 1);
  const auto page = lane.subscription->Poll(bytes);
  if (!page.ok()) return failed(page.status());
  if (page->items.empty()) {
    progress_.SetLevel(lane.views, base::MonotonicMicros());
    return false;
  }
  progress_.SetLive(lane.views, page->from_ring);
  following_live_ &= page->from_ring;
  for (const eventstore::BatchPtr& batch : page->items) {
    Fold(lane, *batch);
    if (FlushIsDue()) Flush();
    // A merge may end this lane; the other one goes on at the next batch.
    if (lanes_.Merge() || stopping_) break;
  }
  return true;
}

void Follower::Fold(Lane& lane, const eventstore::StoredBatch& batch) {
  DEALOG_CHECK(batch.number.value == lane.number.value + 1) << batch.number.value;
  size_t events = 0;
  size_t parsed = 0;
  if (!lane.views.empty()) {
    const absl::Status status = parser_.Parse(batch);
    for (const BatchParser::Commit& commit : parser_.commits()) {
      FoldCommit(lane, *commit.stored, commit.events);
      events += commit.events.size();
    }
    parsed = parser_.commits().size();
    if (!status.ok()) {
      for (const ViewIndex view : std::vector<ViewIndex>(lane.views)) FailView(view, status);
    }
  }
  for (size_t i = parsed; i < batch.commits.size(); ++i) FoldCommit(lane, *batch.commits[i], {});
  lane.number = batch.number;
  lane.digest = batch.digest;
  progress_.Folded(lane.views, lane.number, events);
  dirty_events_ += events;
  if (dirty_since_us_ == 0) dirty_since_us_ = base::MonotonicMicros();
  Announce();
}

void Follower::FoldCommit(Lane& lane, const eventstore::StoredCommit& stored,
                          std::span<const FoldedEvent> events) {
  if (stored.event_count() == 0) return;
  TenantState& tenant = TenantOf(stored);
  std::vector<std::pair<ViewIndex, absl::Status>> failures;
  {
    base::WriterLock lock(tenant.mu);
    for (const ViewIndex view : lane.views) {
      TenantState::Slot& slot = tenant.slots[view];
      absl::Status status;
      for (size_t i = 0; i < events.size() && status.ok(); ++i)
        status = slot.state->Fold(events[i]);
      if (!status.ok()) {
        failures.emplace_back(view, std::move(status));
        continue;
      }
      slot.state->CommitDone();
      slot.applied = stored.last_position();
    }
    if (stored.last_position() > tenant.position) {
      tenant.position = stored.last_position();
      tenant.recorded_at_us = stored.recorded_at_us();
      tenant.reached = tenant.position.value;
    }
  }
  for (const auto& [view, status] : failures) FailView(view, status);
  if (!tenant.dirty) dirty_.push_back(&tenant);
  tenant.dirty = true;
  if (std::find(touched_.begin(), touched_.end(), &tenant) == touched_.end()) {
    touched_.push_back(&tenant);
  }
}

TenantState& Follower::TenantOf(const eventstore::StoredCommit& stored) {
  // Commits of one tenant come in runs: most need no look-up.
  if (last_tenant_ == nullptr || last_tenant_->id.value != stored.tenant()) {
    last_tenant_ = &tenants_.Get(eventstore::TenantId{std::string(stored.tenant())});
  }
  return *last_tenant_;
}

void Follower::FailView(ViewIndex view, const absl::Status& status) {
  progress_.SetFailed(view, std::string(status.message()));
  lanes_.Remove(view);
}

void Follower::Announce() {
  for (const TenantState* tenant : touched_) {
    waiters_.Reached(tenant->id, eventstore::Position{tenant->reached});
    watchers_.Notify(tenant->id);
  }
  touched_.clear();
}

bool Follower::FlushIsDue() const {
  if (dirty_since_us_ == 0 || flushing_) return false;
  return dirty_events_ >= context_.options.flush_rows_max ||
         base::MonotonicMicros() - dirty_since_us_ >=
             absl::ToInt64Microseconds(context_.options.flush_interval);
}

void Follower::Flush() {
  if (dirty_since_us_ == 0) return;
  ViewWrite write;
  for (TenantState* tenant : dirty_) {
    CollectRows(*tenant, context_.views, progress_, write);
    tenant->dirty = false;
  }
  for (size_t i = 0; i < lanes_.size(); ++i) {
    CollectCheckpoints(lanes_[i], context_.views, partition_, write);
  }
  dirty_.clear();
  dirty_events_ = 0;
  dirty_since_us_ = 0;
  flushing_ = true;
  context_.store_worker.Write(std::move(write), [this] {
    flushing_ = false;
    Wake();
  });
}

}  // namespace dealog::projections
