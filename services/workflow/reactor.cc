#include "services/workflow/reactor.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "services/workflow/advancer.h"
#include "services/workflow/limits.h"
#include "services/workflow/live_workflows.h"
#include "services/workflow/subject.h"
#include "services/workflow/trigger.h"

namespace dealog::workflow {
namespace {

using eventstore::BatchNumber;
using eventstore::EventLog;
using eventstore::PartitionId;

// Follows one partition on a thread of its own. An event's instances have ended before the progress
// passes it, so a restart finds every instance that was under way.
class PartitionReactor {
 public:
  PartitionReactor(EventLog& log, commands::Sequencers& sequencers, const ReactorOptions& options,
                   PartitionId partition)
      : log_(log),
        partition_(partition),
        options_(options),
        live_(log),
        subjects_(log),
        advancer_(log, sequencers, options.on_error),
        worker_(absl::StrCat("wf-", partition.value), [this] { Run(); }) {}
  ~PartitionReactor() { Stop(); }

  void Stop();
  bool WaitCaughtUp(std::chrono::steady_clock::time_point until);
  void AddStats(ReactorStats& stats) const;

 private:
  void Run();
  absl::Status Follow();
  absl::StatusOr<BatchNumber> FindStart();
  absl::Status LoadWorkflows();
  absl::Status React(const std::vector<eventstore::BatchPtr>& batches);
  absl::Status Collect(const eventstore::StoredCommit& commit, std::vector<Instance>& instances);
  absl::Status CollectEvent(const eventstore::TenantId& tenant, const eventstore::EventView& view,
                            std::vector<Instance>& instances);
  void Advance(const eventstore::StoredBatch& batch);
  void SaveProgress();
  bool Pace();
  bool SleepUntilWoken();
  void Report(const absl::Status& status) const {
    if (options_.on_error) options_.on_error(status);
  }

  // Constant after construction.
  EventLog& log_;
  const PartitionId partition_;
  const ReactorOptions options_;

  // The worker's only.
  LiveWorkflows live_;
  Subjects subjects_;
  ReactorProgress progress_;
  BatchNumber saved_;

  // Synchronise themselves.
  Advancer advancer_;
  std::atomic<uint64_t> not_triggering_ = 0;

  // Guarded by mu_.
  mutable base::Mutex mu_;
  base::CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  BatchNumber done_ ABSL_GUARDED_BY(mu_);

  base::Mutex stop_mu_;
  base::Worker worker_ ABSL_GUARDED_BY(stop_mu_);  // Last: its thread uses all of the above.
};

void PartitionReactor::Stop() {
  advancer_.Stop();
  {
    base::MutexLock lock(mu_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  base::MutexLock lock(stop_mu_);
  worker_.Join();
}

// The log is never asked under mu_: the log calls SetWake's function, which takes mu_.
bool PartitionReactor::WaitCaughtUp(std::chrono::steady_clock::time_point until) {
  while (true) {
    const BatchNumber head = log_.BatchHead(partition_).number;
    base::MutexLock lock(mu_);
    if (done_ >= head) return true;
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    changed_.WaitFor(mu_, left);
  }
}

void PartitionReactor::AddStats(ReactorStats& stats) const {
  stats.instances_started += advancer_.instances_started();
  stats.steps_completed += advancer_.steps_completed();
  stats.steps_failed += advancer_.steps_failed();
  stats.events_not_triggering += not_triggering_;
  BatchNumber done;
  {
    base::MutexLock lock(mu_);
    done = done_;
  }
  stats.batches_behind += log_.BatchHead(partition_).number.value - done.value;
}

void PartitionReactor::Run() {
  const absl::Status ended = Follow();
  if (!ended.ok() && !absl::IsCancelled(ended)) Report(ended);
  SaveProgress();
}

absl::Status PartitionReactor::Follow() {
  ASSIGN_OR_RETURN(const BatchNumber start, FindStart());
  ASSIGN_OR_RETURN(const auto subscription, log_.SubscribePartition(partition_, start));
  subscription->SetWake([this] {
    base::MutexLock lock(mu_);
    woken_ = true;
    changed_.NotifyAll();
  });
  // After the subscription, so that nothing is published between the two unseen.
  RETURN_IF_ERROR(LoadWorkflows());
  do {
    while (true) {
      ASSIGN_OR_RETURN(const auto page, subscription->Poll(kPollBytesMax));
      if (page.items.empty()) break;
      RETURN_IF_ERROR(React(page.items));
      if (page.from_ring && !Pace()) return absl::OkStatus();
    }
  } while (SleepUntilWoken());
  return absl::OkStatus();
}

// Lets batches gather: the subscription is not armed meanwhile, so that the appending thread need
// not wake this one for each.
// False once it is stopped.
bool PartitionReactor::Pace() {
  base::MutexLock lock(mu_);
  if (!stopped_) changed_.WaitFor(mu_, kPace);
  return !stopped_;
}

// False once it is stopped.
bool PartitionReactor::SleepUntilWoken() {
  base::MutexLock lock(mu_);
  while (!woken_ && !stopped_) changed_.Wait(mu_);
  woken_ = false;
  return !stopped_;
}

// Where to start: after the checkpoint, if this log is the one that it was made of.
absl::StatusOr<BatchNumber> PartitionReactor::FindStart() {
  if (options_.checkpoint == nullptr) return BatchNumber{0};
  ASSIGN_OR_RETURN(const std::optional<ReactorProgress> saved,
                   options_.checkpoint->Load(partition_));
  if (!saved.has_value() || saved->number.value == 0) return BatchNumber{0};
  const absl::StatusOr<std::string> digest = log_.BatchDigest(partition_, saved->number);
  if (!digest.ok() || *digest != saved->digest) return BatchNumber{0};
  progress_ = *saved;
  saved_ = saved->number;
  base::MutexLock lock(mu_);
  done_ = saved->number;
  changed_.NotifyAll();
  return saved->number;
}

absl::Status PartitionReactor::LoadWorkflows() {
  for (const eventstore::TenantId& tenant : log_.Tenants()) {
    if (log_.PartitionOf(tenant) == partition_) RETURN_IF_ERROR(live_.Load(tenant));
  }
  return absl::OkStatus();
}

absl::Status PartitionReactor::React(const std::vector<eventstore::BatchPtr>& batches) {
  std::vector<Instance> instances;
  for (const eventstore::BatchPtr& batch : batches) {
    for (const eventstore::CommitPtr& commit : batch->commits) {
      RETURN_IF_ERROR(Collect(*commit, instances));
    }
    if (instances.size() < kInstancesAtOnceMax && batch != batches.back()) continue;
    RETURN_IF_ERROR(advancer_.RunToEnd(std::move(instances)));
    instances.clear();
    Advance(*batch);
  }
  return absl::OkStatus();
}

// Adds the instances that the commit's events trigger.
absl::Status PartitionReactor::Collect(const eventstore::StoredCommit& commit,
                                       std::vector<Instance>& instances) {
  const eventstore::TenantId tenant{std::string(commit.tenant())};
  if (!live_.MayReact(tenant, commit.types())) return absl::OkStatus();
  for (size_t i = 0; i < commit.event_count(); ++i) {
    RETURN_IF_ERROR(CollectEvent(tenant, commit.event(i), instances));
  }
  return absl::OkStatus();
}

absl::Status PartitionReactor::CollectEvent(const eventstore::TenantId& tenant,
                                            const eventstore::EventView& view,
                                            std::vector<Instance>& instances) {
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
      instances.push_back(MakeInstance(workflow, tenant, deal_id, parsed.header));
    } else {
      ++not_triggering_;
    }
  }
  return absl::OkStatus();
}

void PartitionReactor::Advance(const eventstore::StoredBatch& batch) {
  progress_ = {batch.number, batch.digest};
  if (progress_.number.value >= saved_.value + kBatchesPerCheckpoint) SaveProgress();
  base::MutexLock lock(mu_);
  done_ = batch.number;
  changed_.NotifyAll();
}

void PartitionReactor::SaveProgress() {
  if (options_.checkpoint == nullptr || progress_.number == saved_) return;
  const absl::Status saved = options_.checkpoint->Save(partition_, progress_);
  if (!saved.ok()) Report(saved);
  saved_ = progress_.number;  // A failed save costs reading after a restart, nothing else.
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
