#include "services/jobs/retirement_job.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "projections/states/stream_types.h"
#include "projections/views/queries.h"
#include "services/commands/state_loader.h"
#include "services/domain/deal.h"
#include "services/domain/pipeline.h"

namespace dealog::jobs {
namespace {

using eventstore::BatchSubscription;
using eventstore::Position;
using eventstore::TenantId;

constexpr char kStartedType[] = "StageRetirementStarted";
constexpr char kMethod[] = "/dealog.v1.PipelineService/RetireStage";
constexpr char kPrincipal[] = "system:retirement";
constexpr size_t kPollBytes = 4 << 20;

// A stage to be emptied.
struct Task {
  TenantId tenant;
  std::string pipeline_id;
  std::string stage_id;
  // Filled by the first step: the event that ordered it.
  std::string ordered_by;
  Position ordered_at;
  Position seen;  // The views must have folded this much.
  bool operator==(const Task& other) const {
    return tenant == other.tenant && stage_id == other.stage_id;
  }
};

class RetirementJobsImpl final : public RetirementJobs {
 public:
  RetirementJobsImpl(eventstore::EventLog& log, commands::Sequencers& sequencers,
                     projections::Runner& runner, RetirementJobsOptions options)
      : log_(log), sequencers_(sequencers), runner_(runner), options_(options) {
    worker_ = base::Worker("retirement", [this] { Run(); });
  }
  ~RetirementJobsImpl() override { Stop(); }
  void Stop() override {
    stopping_ = true;
    Wake();
    worker_.Join();
  }
  bool idle() const override { return idle_; }

 private:
  void Wake() {
    base::MutexLock lock(mu_);
    woken_ = true;
    wake_.NotifyAll();
  }
  absl::Status Report(absl::Status status) const {
    if (!status.ok() && options_.on_error) options_.on_error(status);
    return status;
  }
  void Sleep(bool may_retry);
  void Pace();
  void Run();
  absl::Status Follow();
  absl::Status Scan(const TenantId& tenant);
  void Add(Task task);
  absl::Status Poll();
  absl::Status Notice(const eventstore::StoredCommit& commit);
  absl::Status Prepare(Task& task);
  absl::StatusOr<bool> Step(Task& task);
  absl::StatusOr<projections::TenantRead> Read(const TenantId& tenant,
                                               projections::Freshness freshness);
  commands::CommandContext Context(const Task& task) const;

  eventstore::EventLog& log_;
  commands::Sequencers& sequencers_;
  projections::Runner& runner_;
  const RetirementJobsOptions options_;

  std::atomic<bool> stopping_ = false;
  std::atomic<bool> idle_ = false;
  base::Mutex mu_;
  base::CondVar wake_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;

  // The worker's own.
  std::vector<std::unique_ptr<BatchSubscription>> subscriptions_;
  std::vector<TenantId> unscanned_;  // Tenants whose retiring stages are not known yet.
  std::deque<Task> tasks_;
  bool caught_up_ = false;  // The last poll found nothing new.
  base::Worker worker_;
};

// Until something was appended; after a failure, until it is time to try again.
void RetirementJobsImpl::Sleep(bool may_retry) {
  base::MutexLock lock(mu_);
  while (!woken_) {
    if (!may_retry) {
      wake_.Wait(mu_);
    } else if (!wake_.WaitFor(mu_, absl::ToChronoMicroseconds(options_.retry_delay))) {
      break;
    }
  }
  woken_ = false;
}

// Lets batches gather: the subscriptions are not armed meanwhile, so that the appending thread need
// not wake this one for each.
void RetirementJobsImpl::Pace() {
  base::MutexLock lock(mu_);
  if (!stopping_) wake_.WaitFor(mu_, kRetirementPace);
}

void RetirementJobsImpl::Run() {
  bool following = false;
  while (!stopping_) {
    absl::Status status;
    if (!following) {
      status = Follow();
      following = status.ok();
    }
    if (following) status = Poll();
    following = status.ok();  // What a failed poll may have missed is found by following anew.
    Report(status).IgnoreError();
    std::erase_if(unscanned_,
                  [this](const TenantId& tenant) { return !stopping_ && Scan(tenant).ok(); });
    bool failed = !status.ok() || !unscanned_.empty();
    while (!tasks_.empty() && !stopping_) {
      const absl::StatusOr<bool> done = Step(tasks_.front());
      if (done.ok() && !*done) continue;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      if (done.ok()) continue;
      Report(done.status()).IgnoreError();
      tasks_.push_back(std::move(task));  // Another stage may go on meanwhile.
      failed = true;
      break;
    }
    idle_ = tasks_.empty() && !failed && caught_up_;
    // Only who is caught up is woken for what comes next.
    if (!stopping_ && (caught_up_ || failed)) Sleep(failed);
  }
  for (const auto& subscription : subscriptions_) subscription->SetWake({});
}

// Takes everything that comes after now from the log; what there is, from the views.
absl::Status RetirementJobsImpl::Follow() {
  subscriptions_.clear();
  for (uint32_t i = 0; i < log_.partition_count(); ++i) {
    const eventstore::PartitionId partition{i};
    ASSIGN_OR_RETURN(auto subscription,
                     log_.SubscribePartition(partition, log_.BatchHead(partition).number));
    subscription->SetWake([this] { Wake(); });
    subscriptions_.push_back(std::move(subscription));
  }
  unscanned_ = log_.Tenants();
  return absl::OkStatus();
}

absl::StatusOr<projections::TenantRead> RetirementJobsImpl::Read(const TenantId& tenant,
                                                                 projections::Freshness freshness) {
  const absl::Time now = absl::FromUnixMicros(base::SystemClock().NowMicros());
  return runner_.Read(tenant, freshness, now + options_.read_timeout);
}

absl::Status RetirementJobsImpl::Scan(const TenantId& tenant) {
  ASSIGN_OR_RETURN(const auto views, Read(tenant, {}));
  projections::PageRequest page{.size = 1000};
  do {
    ASSIGN_OR_RETURN(const auto pipelines, projections::ListPipelines(*views, page));
    for (const v1::Pipeline& pipeline : pipelines.items) {
      for (const v1::Stage& stage : pipeline.stages()) {
        if (stage.retiring() && !stage.retired()) {
          Add({.tenant = tenant,
               .pipeline_id = pipeline.pipeline_id(),
               .stage_id = stage.stage_id()});
        }
      }
    }
    page.after = pipelines.next;
  } while (!page.after.empty());
  return absl::OkStatus();
}

void RetirementJobsImpl::Add(Task task) {
  if (std::find(tasks_.begin(), tasks_.end(), task) == tasks_.end()) {
    tasks_.push_back(std::move(task));
  }
}

absl::Status RetirementJobsImpl::Poll() {
  do {
    caught_up_ = true;
    bool live = true;
    for (const auto& subscription : subscriptions_) {
      ASSIGN_OR_RETURN(const BatchSubscription::Page page, subscription->Poll(kPollBytes));
      if (page.items.empty()) continue;
      caught_up_ = false;
      live &= page.from_ring;
      for (const eventstore::BatchPtr& batch : page.items) {
        for (const eventstore::CommitPtr& commit : batch->commits) {
          RETURN_IF_ERROR(Notice(*commit));
        }
      }
    }
    if (!caught_up_ && live && tasks_.empty()) Pace();
  } while (!caught_up_ && tasks_.empty() && !stopping_);
  return absl::OkStatus();
}

// Every commit names its event types: the others are not parsed.
absl::Status RetirementJobsImpl::Notice(const eventstore::StoredCommit& commit) {
  const auto types = commit.types();
  if (std::find(types.begin(), types.end(), kStartedType) == types.end()) return absl::OkStatus();
  for (size_t i = 0; i < commit.event_count(); ++i) {
    ASSIGN_OR_RETURN(const commands::ParsedEvent parsed, commands::ParseEvent(commit.event(i)));
    if (!parsed.event.pipeline().has_stage_retirement_started()) continue;
    Add({.tenant = {std::string(commit.tenant())},
         .pipeline_id = parsed.header.stream().id(),
         .stage_id = parsed.event.pipeline().stage_retirement_started().stage_id()});
  }
  return absl::OkStatus();
}

// Finds the event that ordered the retirement: its position bounds the views, and it is the cause.
absl::Status RetirementJobsImpl::Prepare(Task& task) {
  const eventstore::StreamId stream{domain::kPipelineStream, task.pipeline_id};
  for (eventstore::Revision from{1};;) {
    ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                     log_.ReadStream(task.tenant, stream, {.from = from}));
    for (const eventstore::PageEvent& stored : page.events) {
      ASSIGN_OR_RETURN(const commands::ParsedEvent parsed, commands::ParseEvent(stored.view()));
      from.value = parsed.header.revision() + 1;
      if (parsed.event.pipeline().stage_retirement_started().stage_id() == task.stage_id) {
        task.ordered_by = parsed.header.actor().principal();
        task.ordered_at = task.seen = stored.position();
      }
    }
    if (page.end || page.events.empty()) return absl::OkStatus();
  }
}

commands::CommandContext RetirementJobsImpl::Context(const Task& task) const {
  commands::CommandContext context;
  context.tenant = task.tenant;
  context.method = kMethod;
  context.origin.principal = kPrincipal;
  context.origin.on_behalf_of = task.ordered_by;
  context.origin.via = storage::v1::VIA_SYSTEM;
  context.origin.causation_position = task.ordered_at;
  context.origin.causation_depth = 1;
  return context;
}

// Moves some deals, or ends the retirement where none is left: then true.
absl::StatusOr<bool> RetirementJobsImpl::Step(Task& task) {
  if (task.ordered_at == Position{}) RETURN_IF_ERROR(Prepare(task));
  std::vector<std::string> deals;
  {
    ASSIGN_OR_RETURN(const auto views,
                     Read(task.tenant, {projections::Freshness::Kind::kAtLeast, task.seen}));
    ASSIGN_OR_RETURN(deals,
                     projections::DealsInStage(*views, task.stage_id, options_.deals_per_commit));
  }
  const auto decide = [&](const domain::CommandMeta& meta,
                          domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    if (deals.empty()) {
      return domain::DecideFinishRetirement(task.pipeline_id, task.stage_id, meta, states);
    }
    domain::Staging staging(states);
    domain::Decision total{.subject = {domain::kPipelineStream, task.pipeline_id}};
    for (const std::string& deal : deals) {
      ASSIGN_OR_RETURN(domain::Decision moved,
                       domain::DecideRetirementMove(deal, task.stage_id, meta, staging));
      RETURN_IF_ERROR(staging.Stage(std::move(moved), meta, total));
    }
    return total;
  };
  ASSIGN_OR_RETURN(const commands::CommandResult result,
                   commands::Execute(sequencers_.Of(task.tenant), Context(task), decide));
  task.seen = std::max(task.seen, result.position);
  return deals.empty();
}

}  // namespace

std::unique_ptr<RetirementJobs> StartRetirementJobs(eventstore::EventLog& log,
                                                    commands::Sequencers& sequencers,
                                                    projections::Runner& runner,
                                                    RetirementJobsOptions options) {
  return std::make_unique<RetirementJobsImpl>(log, sequencers, runner, options);
}

}  // namespace dealog::jobs
