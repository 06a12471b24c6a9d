#include "services/jobs/retirement_job.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"
#include "eventstore/follow/log_follower.h"
#include "projections/states/stream_types.h"
#include "projections/views/queries.h"
#include "services/commands/state_loader.h"
#include "services/domain/deal.h"
#include "services/domain/pipeline.h"

namespace dealog::jobs {
namespace {

using eventstore::FollowCursor;
using eventstore::FollowPoint;
using eventstore::Position;
using eventstore::TenantId;

constexpr char kStartedType[] = "StageRetirementStarted";
constexpr char kMethod[] = "/dealog.v1.PipelineService/RetireStage";
constexpr char kPrincipal[] = "system:retirement";

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

// Every partition is a cursor of one follower. Takes from the log what comes after the start; what
// there was before, from the views.
class RetirementJobsImpl final : public RetirementJobs, private eventstore::FollowHandler {
 public:
  RetirementJobsImpl(eventstore::EventLog& log, commands::Sequencers& sequencers,
                     projections::Runner& runner, RetirementJobsOptions options)
      : log_(log),
        sequencers_(sequencers),
        runner_(runner),
        options_(std::move(options)),
        follower_(log, *this,
                  {.name = "retirement",
                   .pace = kRetirementPace,
                   .retry = absl::ToChronoMicroseconds(options_.retry_delay)}) {
    for (uint32_t i = 0; i < log.partition_count(); ++i) {
      follower_.Add(eventstore::PartitionId{i});
    }
    follower_.Start();
  }
  ~RetirementJobsImpl() override { follower_.Stop(); }
  void Stop() override { follower_.Stop(); }
  bool idle() const override { return idle_; }

 private:
  absl::StatusOr<FollowPoint> Begin(FollowCursor& cursor) override;
  absl::Status OnBatch(FollowCursor& cursor, const eventstore::StoredBatch& batch,
                       eventstore::BatchPlace place) override;
  void OnFailure(FollowCursor& /*cursor*/, const absl::Status& status) override { Report(status); }
  eventstore::FollowRest OnTurn(bool caught_up) override;

  void Report(const absl::Status& status) const {
    if (options_.on_error) options_.on_error(status);
  }
  bool WorkOff();
  absl::Status Scan(const TenantId& tenant);
  void Add(Task task);
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

  std::atomic<bool> idle_ = false;

  // The follower's thread only.
  bool begun_anew_ = false;          // What is retiring is not known yet.
  std::vector<TenantId> unscanned_;  // Tenants whose retiring stages are not known yet.
  std::deque<Task> tasks_;
  int64_t retry_at_us_ = 0;  // Monotonic; after a failure.

  eventstore::LogFollower follower_;  // Last: its thread uses all of the above.
};

// At the head. What a failed read may have missed is found in the views, as at the start.
absl::StatusOr<FollowPoint> RetirementJobsImpl::Begin(FollowCursor& cursor) {
  begun_anew_ = true;
  eventstore::PartitionHead head = log_.BatchHead(cursor.partition());
  return FollowPoint{head.number, std::move(head.digest)};
}

absl::Status RetirementJobsImpl::OnBatch(FollowCursor& /*cursor*/,
                                         const eventstore::StoredBatch& batch,
                                         eventstore::BatchPlace /*place*/) {
  for (const eventstore::CommitPtr& commit : batch.commits) RETURN_IF_ERROR(Notice(*commit));
  return absl::OkStatus();
}

eventstore::FollowRest RetirementJobsImpl::OnTurn(bool caught_up) {
  // After the subscriptions: a tenant that is missing here comes by them.
  if (std::exchange(begun_anew_, false)) unscanned_ = log_.Tenants();
  const bool due = base::MonotonicMicros() >= retry_at_us_;
  if (due) {
    retry_at_us_ =
        WorkOff() ? 0 : base::MonotonicMicros() + absl::ToInt64Microseconds(options_.retry_delay);
  }
  idle_ = caught_up && retry_at_us_ == 0 && tasks_.empty();
  return {.until_us = retry_at_us_ == 0 ? INT64_MAX : retry_at_us_};
}

// Empties what can be emptied now; false if something is to be tried again.
bool RetirementJobsImpl::WorkOff() {
  std::erase_if(unscanned_, [this](const TenantId& tenant) {
    return !follower_.stopping() && Scan(tenant).ok();
  });
  while (!tasks_.empty() && !follower_.stopping()) {
    const absl::StatusOr<bool> done = Step(tasks_.front());
    if (done.ok() && !*done) continue;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    if (done.ok()) continue;
    Report(done.status());
    tasks_.push_back(std::move(task));  // Another stage may go on meanwhile.
    return false;
  }
  return unscanned_.empty();
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
