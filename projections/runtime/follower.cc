#include "projections/runtime/follower.h"

#include <algorithm>
#include <chrono>
#include <tuple>
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

Follower::Follower(Shared& shared, eventstore::PartitionId partition)
    : shared_(shared),
      partition_(partition),
      follower_(shared.log, *this,
                {.name = "views-fold",
                 .page_bytes = shared.options.poll_bytes,
                 .pace = std::chrono::microseconds(kPaceMicros),
                 .retry = std::chrono::microseconds(kRetryMicros)}) {
  eventstore::PartitionHead head = shared.log.BatchHead(partition);
  point_ = {head.number, std::move(head.digest)};
  base::MutexLock lock(mu_);
  progress_ = {.number = point_.number, .level_us = base::MonotonicMicros()};
}

void Follower::Start() {
  follower_.Add(partition_);
  follower_.Start();
}

// ---- From other threads ----------------------------------------------------------------------

void Follower::WhenFresh(const eventstore::TenantId& id, FreshWait wait) {
  const absl::StatusOr<TenantPtr> found = shared_.tenants.FindOrAdd(id);
  if (!found.ok()) return wait.done(found.status());
  const TenantPtr& tenant = *found;
  if (!wait.passing) tenant->used_us = base::MonotonicMicros();
  if (tenant->Serves(wait.views, wait.position)) {
    wait.done(absl::OkStatus());
    // Nothing is to be loaded, so that nobody would look whether it leaves: all that was read of it
    // failed, perhaps.
    if (tenant->used_us == 0) shared_.loader.Add(tenant, Loader::Urgency::kBackground);
    return;
  }
  if ((tenant->wanted & wait.views) != wait.views) {
    base::WriterLock lock(tenant->mu);
    tenant->Want(wait.views);
  }
  const bool behind = (tenant->ready & wait.views) != wait.views;
  wait.tenant = TenantHold(tenant);
  waiters_.Add(std::move(wait));
  if (behind) shared_.loader.Add(tenant, Loader::Urgency::kRead);
  waiters_.Reached(*tenant);  // It may have got there between the look and Add.
  follower_.Hurry();
}

void Follower::Changed(const TenantPtr& tenant, size_t dirty_events) {
  if (dirty_events > 0) {
    {
      base::MutexLock lock(mu_);
      dirty_.push_back(tenant);
      dirty_events_ += dirty_events;
      if (dirty_since_us_ == 0) dirty_since_us_ = base::MonotonicMicros();
    }
    follower_.Hurry();
  }
  waiters_.Reached(*tenant);
  watchers_.Notify(tenant->id);
}

FollowerProgress Follower::progress() const {
  base::MutexLock lock(mu_);
  return progress_;
}

void Follower::RunAndWait(const std::function<void()>& task) {
  // False: it ended, and there is nothing to wait for.
  std::ignore = follower_.Run(task);
}

void Follower::Stop() { follower_.Stop(); }

// ---- The follower's thread -------------------------------------------------------------------

// After a failure, too: what was passed was passed.
absl::StatusOr<eventstore::FollowPoint> Follower::Begin(eventstore::FollowCursor& /*cursor*/) {
  return point_;
}

absl::Status Follower::OnBatch(eventstore::FollowCursor& cursor,
                               const eventstore::StoredBatch& batch, eventstore::BatchPlace place) {
  Fold(batch);
  point_ = cursor.point();
  {
    base::MutexLock lock(mu_);
    progress_.number = point_.number;
    if (place.last) {
      progress_.live = place.live;
      progress_.trouble.clear();
    }
  }
  Announce();  // Who is told may ask how far it got.
  if (FlushIsDue()) Flush();
  if (place.last) last_tenant_.reset();  // Whoever is held can't leave.
  return absl::OkStatus();
}

void Follower::OnCaughtUp(eventstore::FollowCursor& /*cursor*/) {
  base::MutexLock lock(mu_);
  progress_.live = true;
  progress_.trouble.clear();
  progress_.level_us = base::MonotonicMicros();
}

void Follower::OnFailure(eventstore::FollowCursor& /*cursor*/, const absl::Status& status) {
  base::MutexLock lock(mu_);
  progress_.live = false;
  progress_.trouble = std::string(status.message());
}

// Until the next flush, or the next reader's deadline. Batches gather unless a reader waits for
// one.
eventstore::FollowRest Follower::OnTurn(bool /*caught_up*/) {
  waiters_.Expire(Now());
  if (FlushIsDue()) Flush();
  eventstore::FollowRest rest;
  if (const absl::Time deadline = waiters_.NextDeadline(); deadline != absl::InfiniteFuture()) {
    rest.hurry = waiters_.AnyForCommits();
    rest.until_us = base::MonotonicMicros() + absl::ToInt64Microseconds(deadline - Now()) + 1;
  }
  base::MutexLock lock(mu_);
  if (dirty_since_us_ != 0 && !flushing_) {
    const int64_t interval_us = absl::ToInt64Microseconds(shared_.options.flush_interval);
    rest.until_us = std::min(rest.until_us, dirty_since_us_ + interval_us);
  }
  return rest;
}

void Follower::OnStop() {
  last_tenant_.reset();
  waiters_.Close(Stopping());
  Flush();
}

void Follower::Fold(const eventstore::StoredBatch& batch) {
  DEALOG_CHECK(batch.number.value == point_.number.value + 1)
      << batch.number.value << " after " << point_.number.value;
  for (const eventstore::CommitPtr& commit : batch.commits) {
    if (commit->event_count() == 0) continue;
    // Commits of one tenant come in runs: most need no look-up.
    if (last_tenant_ == nullptr || last_tenant_->id.value != commit->tenant()) {
      last_tenant_ = shared_.tenants.Find(eventstore::TenantId{std::string(commit->tenant())});
    }
    if (last_tenant_ == nullptr) {
      Pass(*commit);
    } else {
      FoldCommit(last_tenant_, *commit);
    }
  }
}

// A commit never loads a tenant. Its rows stay where they are, until they lie so far behind that a
// read would have to fold much.
void Follower::Pass(const eventstore::StoredCommit& commit) {
  const eventstore::TenantId id{std::string(commit.tenant())};
  if (!shared_.tenants.Passed(id, commit.event_count(), shared_.options.cold_events_max)) return;
  const absl::StatusOr<TenantPtr> tenant = shared_.tenants.FindOrAdd(id);
  if (tenant.ok()) shared_.Refresh(*tenant);
}

void Follower::FoldCommit(const TenantPtr& tenant, const eventstore::StoredCommit& commit) {
  const ParsedCommit& parsed = parser_.Parse(commit);
  struct Failure {
    ViewIndex view;
    uint64_t life;
    absl::Status status;
  };
  std::vector<Failure> failures;
  bool folded = false;
  bool newly_dirty = false;
  bool lags = false;  // What is cold of it does, too far.
  {
    base::WriterLock lock(tenant->mu);
    // Where it was registered while the follower was behind the log's head.
    if (commit.last_position() <= tenant->position) return;
    DEALOG_CHECK(commit.first_position().value == tenant->position.value + 1)
        << tenant->id.value << " is at " << tenant->position.value << ", the commit begins at "
        << commit.first_position().value;
    for (ViewIndex view = 0; view < tenant->slots.size(); ++view) {
      Slot& slot = tenant->slots[view];
      if (slot.phase != Slot::Phase::kLive) continue;
      absl::Status status = FoldInto(*slot.state, slot.point, parsed);
      if (status.ok()) {
        folded = true;
        shared_.events_folded[view] += parsed.events.size();
      } else {
        // Nobody reads or flushes it from here on; its failure is told below.
        slot.phase = Slot::Phase::kFailed;
        slot.failure = std::string(status.message());
        failures.push_back({view, slot.life, std::move(status)});
      }
    }
    tenant->position = commit.last_position();
    tenant->recorded_at_us = commit.recorded_at_us();
    tenant->Settle();
    if (tenant->wanted != FirstViews(tenant->slots.size())) {
      tenant->cold_events += commit.event_count();
      lags = tenant->cold_events > shared_.options.cold_events_max;
      if (lags) tenant->cold_events = 0;
    }
    newly_dirty = folded && !std::exchange(tenant->dirty, tenant->dirty || folded);
  }
  for (const Failure& failure : failures) {
    shared_.tenants.Fail(*tenant, failure.view, failure.life, failure.status);
  }
  if (lags) shared_.Refresh(tenant);
  if (std::find(touched_.begin(), touched_.end(), tenant) == touched_.end()) {
    touched_.push_back(tenant);
  }
  if (!folded) return;
  base::MutexLock lock(mu_);
  if (newly_dirty) dirty_.push_back(tenant);
  dirty_events_ += parsed.events.size();
  if (dirty_since_us_ == 0) dirty_since_us_ = base::MonotonicMicros();
}

void Follower::Announce() {
  for (const TenantPtr& tenant : touched_) {
    waiters_.Reached(*tenant);
    watchers_.Notify(tenant->id);
  }
  touched_.clear();
}

bool Follower::FlushIsDue() {
  base::MutexLock lock(mu_);
  if (dirty_since_us_ == 0 || flushing_) return false;
  return dirty_events_ >= shared_.options.flush_rows_max ||
         base::MonotonicMicros() - dirty_since_us_ >=
             absl::ToInt64Microseconds(shared_.options.flush_interval);
}

void Follower::Flush() {
  std::vector<std::weak_ptr<TenantState>> dirty;
  {
    base::MutexLock lock(mu_);
    if (dirty_since_us_ == 0) return;
    dirty.swap(dirty_);
    dirty_events_ = 0;
    dirty_since_us_ = 0;
  }
  ViewWrite write;
  std::vector<TenantPtr> flushed;
  for (const std::weak_ptr<TenantState>& entry : dirty) {
    TenantPtr tenant = entry.lock();
    if (tenant == nullptr) continue;  // It was flushed when it left.
    {
      base::WriterLock lock(tenant->mu);
      if (!CollectTenant(*tenant, shared_.views, write)) continue;
    }
    shared_.tenants.SetBytes(*tenant, Measure(*tenant));
    flushed.push_back(std::move(tenant));
  }
  flushing_ = true;
  shared_.store_worker.Write(std::move(write), [this, flushed = std::move(flushed)]() mutable {
    for (const TenantPtr& tenant : flushed) --tenant->unwritten;
    flushed.clear();
    flushing_ = false;
    follower_.Hurry();
  });
}

}  // namespace dealog::projections
