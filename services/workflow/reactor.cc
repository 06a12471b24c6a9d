#include "services/workflow/reactor.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status.h"
#include "eventstore/follow/log_follower.h"
#include "services/workflow/advancer.h"
#include "services/workflow/limits.h"
#include "services/workflow/live_workflows.h"
#include "services/workflow/subject.h"
#include "services/workflow/trigger.h"

namespace dealog::workflow {
namespace {

using eventstore::BatchNumber;
using eventstore::BatchPlace;
using eventstore::EventLog;
using eventstore::FollowCursor;
using eventstore::FollowPoint;
using eventstore::PartitionId;
using eventstore::StoredBatch;

// Follows one partition. An event's instances have ended before the progress passes it, so a
// restart finds every instance that was under way.
class PartitionReactor final : private eventstore::FollowHandler {
 public:
  PartitionReactor(EventLog& log, commands::Sequencers& sequencers, const ReactorOptions& options,
                   PartitionId partition)
      : log_(log),
        partition_(partition),
        options_(options),
        live_(log),
        subjects_(log),
        advancer_(log, sequencers, options.on_error),
        follower_(log, *this,
                  {.name = absl::StrCat("wf-", partition.value),
                   .page_bytes = kPollBytesMax,
                   .pace = kPace,
                   .retry = eventstore::kFollowRetry}),
        cursor_(follower_.Add(partition)) {
    follower_.Start();
  }
  ~PartitionReactor() override { Stop(); }

  void Stop() {
    advancer_.Stop();
    follower_.Stop();
  }
  bool WaitCaughtUp(std::chrono::steady_clock::time_point until) {
    return follower_.WaitCaughtUp(std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now()));
  }
  void AddStats(ReactorStats& stats) const;

 private:
  absl::StatusOr<FollowPoint> Begin(FollowCursor& cursor) override;
  absl::StatusOr<FollowPoint> OnForked(FollowCursor& cursor, const absl::Status& why) override;
  absl::Status OnBatch(FollowCursor& cursor, const StoredBatch& batch, BatchPlace place) override;
  void OnFailure(FollowCursor& cursor, const absl::Status& status) override;
  void OnStop() override { SaveProgress(); }

  absl::Status LoadWorkflows();
  absl::Status Collect(const eventstore::StoredCommit& commit);
  absl::Status CollectEvent(const eventstore::TenantId& tenant, const eventstore::EventView& view);
  void SaveProgress();
  void Report(const absl::Status& status) const {
    if (options_.on_error) options_.on_error(status);
  }

  // Constant after construction.
  EventLog& log_;
  const PartitionId partition_;
  const ReactorOptions options_;

  // The follower's thread only.
  LiveWorkflows live_;
  bool live_is_loaded_ = false;
  Subjects subjects_;
  std::vector<Instance> instances_;      // Triggered by batches behind progress_.
  std::optional<FollowPoint> progress_;  // Empty until the checkpoint was loaded.
  BatchNumber saved_;

  // Synchronise themselves.
  Advancer advancer_;
  std::atomic<uint64_t> not_triggering_ = 0;

  eventstore::LogFollower follower_;  // Uses all of the above.
  eventstore::FollowCursor& cursor_;
};

void PartitionReactor::AddStats(ReactorStats& stats) const {
  stats.instances_started += advancer_.instances_started();
  stats.steps_completed += advancer_.steps_completed();
  stats.steps_failed += advancer_.steps_failed();
  stats.events_not_triggering += not_triggering_;
  const BatchNumber done = follower_.Progress(cursor_).done.number;
  stats.batches_behind += log_.BatchHead(partition_).number.value - done.value;
}

// After a failure whatever was triggered beyond the progress is found again.
absl::StatusOr<FollowPoint> PartitionReactor::Begin(FollowCursor& /*cursor*/) {
  instances_.clear();
  if (!progress_.has_value()) {
    std::optional<FollowPoint> saved;
    if (options_.checkpoint != nullptr) {
      ASSIGN_OR_RETURN(saved, options_.checkpoint->Load(partition_));
    }
    progress_ = saved.value_or(FollowPoint{});
    saved_ = progress_->number;
  }
  return *progress_;
}

// A checkpoint of another log is as none: reading it all again starts nothing twice.
absl::StatusOr<FollowPoint> PartitionReactor::OnForked(FollowCursor& /*cursor*/,
                                                       const absl::Status& /*why*/) {
  progress_ = FollowPoint{};
  saved_ = {};
  return *progress_;
}

absl::Status PartitionReactor::OnBatch(FollowCursor& cursor, const StoredBatch& batch,
                                       BatchPlace place) {
  if (!live_is_loaded_) RETURN_IF_ERROR(LoadWorkflows());
  for (const eventstore::CommitPtr& commit : batch.commits) RETURN_IF_ERROR(Collect(*commit));
  if (instances_.size() < kInstancesAtOnceMax && !place.last) return absl::OkStatus();
  RETURN_IF_ERROR(advancer_.RunToEnd(std::exchange(instances_, {})));
  DEALOG_CHECK(cursor.point().number > progress_->number) << batch.number.value;
  progress_ = cursor.point();
  if (progress_->number.value >= saved_.value + kBatchesPerCheckpoint) SaveProgress();
  return absl::OkStatus();
}

void PartitionReactor::OnFailure(FollowCursor& /*cursor*/, const absl::Status& status) {
  if (!absl::IsCancelled(status)) Report(status);  // Else its advancer was stopped: Stop goes on.
}

// When the first batch is here, so that nothing is published between this and the subscription
// unseen. Events up to here may come again: they are ignored.
absl::Status PartitionReactor::LoadWorkflows() {
  for (const eventstore::TenantId& tenant : log_.Tenants()) {
    if (log_.PartitionOf(tenant) == partition_) RETURN_IF_ERROR(live_.Load(tenant));
  }
  live_is_loaded_ = true;
  return absl::OkStatus();
}

// Adds the instances that the commit's events trigger.
absl::Status PartitionReactor::Collect(const eventstore::StoredCommit& commit) {
  const eventstore::TenantId tenant{std::string(commit.tenant())};
  if (!live_.MayReact(tenant, commit.types())) return absl::OkStatus();
  for (size_t i = 0; i < commit.event_count(); ++i) {
    RETURN_IF_ERROR(CollectEvent(tenant, commit.event(i)));
  }
  return absl::OkStatus();
}

absl::Status PartitionReactor::CollectEvent(const eventstore::TenantId& tenant,
                                            const eventstore::EventView& view) {
  ASSIGN_OR_RETURN(const commands::ParsedEvent parsed, commands::ParseEvent(view));
  if (LiveWorkflows::IsLifecycle(parsed.header.type())) return live_.Apply(tenant, parsed);
  const std::vector<LiveWorkflowPtr> workflows =
      live_.Find(tenant, parsed.header.type(), eventstore::Position{parsed.header.position()});
  if (workflows.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string deal_id, subjects_.DealOf(tenant, parsed));
  if (deal_id.empty()) {
    not_triggering_ += workflows.size();
    return absl::OkStatus();
  }
  for (const LiveWorkflowPtr& workflow : workflows) {
    ASSIGN_OR_RETURN(const TriggerOutcome outcome,
                     JudgeTrigger(log_, tenant, *workflow, deal_id, parsed));
    if (outcome == TriggerOutcome::kStarts) {
      instances_.push_back(MakeInstance(workflow, tenant, deal_id, parsed.header));
    } else {
      ++not_triggering_;
    }
  }
  return absl::OkStatus();
}

void PartitionReactor::SaveProgress() {
  if (options_.checkpoint == nullptr || !progress_.has_value() || progress_->number == saved_) {
    return;
  }
  const absl::Status saved = options_.checkpoint->Save(partition_, *progress_);
  if (!saved.ok()) Report(saved);
  saved_ = progress_->number;  // A failed save costs reading after a restart, nothing else.
}

class ReactorImpl final : public Reactor {
 public:
  ReactorImpl(EventLog& log, commands::Sequencers& sequencers, const ReactorOptions& options) {
    for (uint32_t i = 0; i < log.partition_count(); ++i) {
      partitions_.push_back(
          std::make_unique<PartitionReactor>(log, sequencers, options, PartitionId{i}));
    }
  }

  void Stop() override {
    for (const auto& partition : partitions_) partition->Stop();
  }
  bool WaitCaughtUp(std::chrono::milliseconds timeout) override {
    const auto until = std::chrono::steady_clock::now() + timeout;
    return std::all_of(partitions_.begin(), partitions_.end(),
                       [&](const auto& partition) { return partition->WaitCaughtUp(until); });
  }
  ReactorStats stats() const override {
    ReactorStats stats;
    for (const auto& partition : partitions_) partition->AddStats(stats);
    return stats;
  }

 private:
  std::vector<std::unique_ptr<PartitionReactor>> partitions_;
};

}  // namespace

std::unique_ptr<Reactor> MakeReactor(EventLog& log, commands::Sequencers& sequencers,
                                     ReactorOptions options) {
  return std::make_unique<ReactorImpl>(log, sequencers, options);
}

}  // namespace dealog::workflow
