#include "services/jobs/retirement_job.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
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
  enum class Step {
    kLook,     // Which deals are there?
    kLooking,  // The answer is on its way.
    kMove,     // `deals` are to be moved; without any the retirement is over.
    kOver,
  };
  TenantId tenant;
  std::string pipeline_id;
  std::string stage_id;
  // Filled by the first step: the event that ordered it.
  std::string ordered_by;
  Position ordered_at;
  Position seen;  // The views must have folded this much.

  Step step = Step::kLook;
  int64_t not_before_us = 0;  // Monotonic; after a failure.
  std::vector<std::string> deals;
  size_t batch = 1;               // Deals to move in one commit.
  std::set<std::string> refused;  // Deals that can't be moved: the others are, without them.
  bool operator==(const Task& other) const {
    return tenant == other.tenant && stage_id == other.stage_id;
  }
};

// A tenant whose retiring stages are not known yet.
struct Unscanned {
  bool looking = false;
  bool failed = false;        // Its view was to be read and was not: tried again now and then.
  int64_t not_before_us = 0;  // Monotonic.
};

// The way back from the runner's threads to the job's. A call may come after the job is gone.
class Desk {
 public:
  explicit Desk(eventstore::LogFollower& follower) : follower_(&follower) {}
  void Post(std::function<void()> task) {
    base::MutexLock lock(mu_);
    if (follower_ != nullptr) std::ignore = follower_->Post(std::move(task));
  }
  void Close() {
    base::MutexLock lock(mu_);
    follower_ = nullptr;
  }

 private:
  base::Mutex mu_;
  eventstore::LogFollower* follower_ ABSL_GUARDED_BY(mu_);
};

// True if trying again would meet the same answer, and so would everybody.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
      return true;
    default:
      return base::ReasonOf(status) == "LIMIT_EXCEEDED";
  }
}

// Every partition is a cursor of one follower. Takes from the log what comes after the start; what
// there was before, from the views. Its thread waits for no view: one tenant's would hold up all.
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
                   .retry = absl::ToChronoMicroseconds(options_.retry_delay)}),
        desk_(std::make_shared<Desk>(follower_)) {
    for (uint32_t i = 0; i < log.partition_count(); ++i) {
      follower_.Add(eventstore::PartitionId{i});
    }
    follower_.Start();
  }
  ~RetirementJobsImpl() override {
    follower_.Stop();
    desk_->Close();
  }
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
  template <typename Seen>
  void Look(const TenantId& tenant, projections::Freshness freshness,
            std::function<absl::StatusOr<Seen>(const projections::TenantViews&)> look,
            std::function<void(absl::StatusOr<Seen>)> then);

  int64_t ScanSome();
  void Scanned(const TenantId& tenant, absl::StatusOr<std::vector<Task>> found);
  void Add(Task task);
  absl::Status Notice(const eventstore::StoredCommit& commit);
  void Advance(Task& task);
  absl::Status Prepare(Task& task);
  void LookFor(Task& task);
  void Found(const Task& of, absl::StatusOr<std::vector<std::string>> deals);
  void Move(Task& task);
  void Refused(Task& task, const absl::Status& status);
  void TryLater(Task& task, const absl::Status& status);
  commands::CommandContext Context(const Task& task) const;

  eventstore::EventLog& log_;
  commands::Sequencers& sequencers_;
  projections::Runner& runner_;
  const RetirementJobsOptions options_;

  std::atomic<bool> idle_ = false;

  // The follower's thread only.
  bool begun_anew_ = false;  // What is retiring is not known yet.
  std::map<TenantId, Unscanned> unscanned_;
  std::deque<Task> tasks_;

  eventstore::LogFollower follower_;  // Its thread uses all of the above.
  const std::shared_ptr<Desk> desk_;
};

int64_t Later(absl::Duration delay) {
  return base::MonotonicMicros() + absl::ToInt64Microseconds(delay);
}

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
  if (std::exchange(begun_anew_, false)) {
    for (const TenantId& tenant : log_.Tenants()) unscanned_[tenant].not_before_us = 0;
  }
  eventstore::FollowRest rest{.until_us = ScanSome()};
  for (Task& task : tasks_) {
    if (!follower_.stopping()) Advance(task);
  }
  std::erase_if(tasks_, [](const Task& task) { return task.step == Task::Step::kOver; });
  bool all_known = true;
  for (const auto& [tenant, scan] : unscanned_) all_known &= scan.failed;
  for (const Task& task : tasks_) {
    const bool waits = task.step == Task::Step::kLooking;
    if (!waits) rest.until_us = std::min(rest.until_us, task.not_before_us);
  }
  idle_ = caught_up && all_known && tasks_.empty();
  return rest;
}

// `look` is called on a thread of the runner's, once the views are as fresh as asked, or on this
// one; `then` on this one.
template <typename Seen>
void RetirementJobsImpl::Look(
    const TenantId& tenant, projections::Freshness freshness,
    std::function<absl::StatusOr<Seen>(const projections::TenantViews&)> look,
    std::function<void(absl::StatusOr<Seen>)> then) {
  const absl::Time deadline =
      absl::FromUnixMicros(base::SystemClock().NowMicros()) + options_.read_timeout;
  const auto see = [&runner = runner_, tenant, freshness,
                    look = std::move(look)](const absl::Status& fresh) -> absl::StatusOr<Seen> {
    RETURN_IF_ERROR(fresh);
    ASSIGN_OR_RETURN(const projections::TenantRead views, runner.ReadNow(tenant, freshness));
    return look(*views);
  };
  runner_.WhenFresh(tenant, freshness, deadline,
                    [see, then = std::move(then), desk = desk_](const absl::Status& fresh) {
                      desk->Post([then, seen = see(fresh)] { then(seen); });
                    });
}

// ---- Which stages are retiring -----------------------------------------------------------------

absl::StatusOr<std::vector<Task>> RetiringStages(const TenantId& tenant,
                                                 const projections::TenantViews& views) {
  std::vector<Task> found;
  projections::PageRequest page{.size = 1000};
  do {
    ASSIGN_OR_RETURN(const auto pipelines, projections::ListPipelines(views, page));
    for (const v1::Pipeline& pipeline : pipelines.items) {
      for (const v1::Stage& stage : pipeline.stages()) {
        if (stage.retiring() && !stage.retired()) {
          found.push_back({.tenant = tenant,
                           .pipeline_id = pipeline.pipeline_id(),
                           .stage_id = stage.stage_id()});
        }
      }
    }
    page.after = pipelines.next;
  } while (!page.after.empty());
  return found;
}

// Begins to look through tenants, a few at once; until when nothing more of it is to be begun.
int64_t RetirementJobsImpl::ScanSome() {
  const int64_t now_us = base::MonotonicMicros();
  size_t looking = 0;
  for (const auto& [tenant, scan] : unscanned_) looking += scan.looking ? 1 : 0;
  int64_t next_us = INT64_MAX;
  for (auto& [id, scan] : unscanned_) {
    if (looking == kRetirementScansMax) return INT64_MAX;  // The end of one wakes us.
    if (scan.looking) continue;
    if (scan.not_before_us > now_us) {
      next_us = std::min(next_us, scan.not_before_us);
      continue;
    }
    scan.looking = true;
    ++looking;
    Look<std::vector<Task>>(
        id, {.views = projections::AsNames(projections::kPipelineReads), .passing = true},
        [id = id](const projections::TenantViews& views) { return RetiringStages(id, views); },
        [this, id = id](auto found) { Scanned(id, std::move(found)); });
  }
  return next_us;
}

void RetirementJobsImpl::Scanned(const TenantId& tenant, absl::StatusOr<std::vector<Task>> found) {
  if (found.ok()) {
    unscanned_.erase(tenant);
    for (Task& task : *found) Add(std::move(task));
    return;
  }
  Unscanned& scan = unscanned_[tenant];
  scan.looking = false;
  // One that is late comes soon; one that failed, when somebody has mended it.
  const bool late = base::ReasonOf(found.status()) == "VIEW_BEHIND";
  if (!late && !std::exchange(scan.failed, true)) Report(found.status());
  scan.not_before_us = Later(late ? options_.retry_delay : options_.refused_delay);
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

// ---- One of them --------------------------------------------------------------------------------

void RetirementJobsImpl::Advance(Task& task) {
  if (task.not_before_us > base::MonotonicMicros()) return;
  switch (task.step) {
    case Task::Step::kLook:
      return LookFor(task);
    case Task::Step::kMove:
      return Move(task);
    case Task::Step::kLooking:
    case Task::Step::kOver:
      return;
  }
}

void RetirementJobsImpl::LookFor(Task& task) {
  if (task.ordered_at == Position{}) {
    task.batch = options_.deals_per_commit;
    if (const absl::Status ready = Prepare(task); !ready.ok()) return TryLater(task, ready);
  }
  task.step = Task::Step::kLooking;
  const size_t limit = task.batch + task.refused.size();
  Look<std::vector<std::string>>(
      task.tenant,
      {.kind = projections::Freshness::Kind::kAtLeast,
       .position = task.seen,
       .views = projections::AsNames(projections::kStageReads)},
      [stage = task.stage_id, limit](const projections::TenantViews& views) {
        return projections::DealsInStage(views, stage, limit);
      },
      [this, of = Task{.tenant = task.tenant, .stage_id = task.stage_id}](auto deals) {
        Found(of, std::move(deals));
      });
}

void RetirementJobsImpl::Found(const Task& of, absl::StatusOr<std::vector<std::string>> deals) {
  const auto found = std::find(tasks_.begin(), tasks_.end(), of);
  DEALOG_CHECK(found != tasks_.end()) << "a stage is forgotten while one looks";
  Task& task = *found;
  if (!deals.ok()) return TryLater(task, deals.status());
  task.step = Task::Step::kMove;
  const bool none = deals->empty();
  std::erase_if(*deals, [&task](const std::string& deal) { return task.refused.contains(deal); });
  if (deals->size() > task.batch) deals->resize(task.batch);
  task.deals = *std::move(deals);
  if (none || !task.deals.empty()) return;
  // Only those are left that can't be moved: whatever holds them, somebody may have mended it by
  // then.
  task.refused.clear();
  task.batch = 1;
  task.step = Task::Step::kLook;
  task.not_before_us = Later(options_.refused_delay);
}

// Moves some deals, or ends the retirement where none is left.
void RetirementJobsImpl::Move(Task& task) {
  const auto decide = [&](const domain::CommandMeta& meta,
                          domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    if (task.deals.empty()) {
      return domain::DecideFinishRetirement(task.pipeline_id, task.stage_id, meta, states);
    }
    domain::Staging staging(states);
    domain::Decision total{.subject = {domain::kPipelineStream, task.pipeline_id}};
    for (const std::string& deal : task.deals) {
      ASSIGN_OR_RETURN(domain::Decision moved,
                       domain::DecideRetirementMove(deal, task.stage_id, meta, staging));
      RETURN_IF_ERROR(staging.Stage(std::move(moved), meta, total));
    }
    return total;
  };
  const absl::StatusOr<commands::CommandResult> result =
      commands::Execute(sequencers_.Of(task.tenant), Context(task), decide);
  if (!result.ok()) return Refused(task, result.status());
  task.seen = std::max(task.seen, result->position);
  task.step = task.deals.empty() ? Task::Step::kOver : Task::Step::kLook;
  task.batch = std::min(2 * task.batch, options_.deals_per_commit);
}

// Halves the batch until the deal that is refused stands alone, and steps over it.
void RetirementJobsImpl::Refused(Task& task, const absl::Status& status) {
  if (!IsRefusal(status) || task.deals.empty()) return TryLater(task, status);
  if (task.deals.size() > 1) {
    task.batch = task.deals.size() / 2;
    task.deals.resize(task.batch);
    return;
  }
  Report(status);
  task.refused.insert(task.deals.front());
  task.step = Task::Step::kLook;
}

void RetirementJobsImpl::TryLater(Task& task, const absl::Status& status) {
  Report(status);
  task.step = Task::Step::kLook;
  task.not_before_us = Later(options_.retry_delay);
}

}  // namespace

std::unique_ptr<RetirementJobs> StartRetirementJobs(eventstore::EventLog& log,
                                                    commands::Sequencers& sequencers,
                                                    projections::Runner& runner,
                                                    RetirementJobsOptions options) {
  return std::make_unique<RetirementJobsImpl>(log, sequencers, runner, options);
}

}  // namespace dealog::jobs
