#include "services/commands/sequencer.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "services/commands/admission.h"
#include "services/commands/batch.h"
#include "services/commands/commit_builder.h"
#include "services/commands/limits.h"
#include "services/commands/overlay.h"
#include "services/commands/state_loader.h"
#include "services/commands/stream_length.h"

namespace dealog::commands {
namespace {

using eventstore::EventLog;
using eventstore::PartitionId;
using CommandPtr = std::unique_ptr<PendingCommand>;

absl::Status NotReady() {
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                     "the server is stopping; the command was not executed, send it again");
}

absl::Status DeadlinePassed() {
  return base::Error(absl::StatusCode::kDeadlineExceeded, "CANCELLED",
                     "the deadline passed while the command waited; it was not executed");
}

absl::Status RequestIdReused(const CommandContext& context) {
  return base::Error(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
                     absl::StrCat("request_id \"", context.request_id,
                                  "\" was used for another request; choose a new one"))
      .With("request_id", context.request_id);
}

// Who does not know all that happened to an aggregate must not decide about it: a rule that only
// the newer release knows would be broken.
absl::Status CheckKnown(const domain::AggregateState& state, const domain::StreamRef& stream) {
  if (!state.newer) return absl::OkStatus();
  return base::Error(absl::StatusCode::kFailedPrecondition, "NEWER_DATA",
                     absl::StrCat(stream.type, " ", stream.id, " holds an event with ",
                                  state.newer.Text(), ", which a newer release of the server ",
                                  "wrote and this one does not know; change it through that one"))
      .With("field", state.newer.Text());
}

// See Sequencer. One thread takes commands off the queue, batch after batch.
// Invariants: nothing is answered before the outcome of the batch over which it was decided.
class SequencerImpl final : public Sequencer {
 public:
  SequencerImpl(EventLog& log, PartitionId partition, const base::Clock& clock,
                SequencerOptions options)
      : log_(log),
        partition_(partition),
        clock_(clock),
        options_(std::move(options)),
        admission_(log, {.queue_bytes_max = options_.queue_bytes_max,
                         .queue_wait_max = options_.queue_wait_max,
                         .batch_commands_max = options_.batch_commands_max}),
        overlay_(log, options_.unique_key_secret, options_.state_cache_bytes_max),
        batch_{.commands_max = options_.batch_commands_max},
        worker_(absl::StrCat("seq-", partition.value), [this] { Run(); }) {}

  ~SequencerImpl() override { Drain(); }

  void Submit(CommandPtr command) override;
  void Prefetch(const eventstore::TenantId& tenant, const domain::StreamRef& stream) override {
    if (!admission_.Crowded()) overlay_.Prefetch(tenant, stream);
  }
  void AskPositionAt(const eventstore::TenantId& tenant, int64_t time_us,
                     PositionFunction done) override;
  void Drain() override;
  SequencerStats stats() const override;

 private:
  void Run();
  CommandPtr Wait();
  bool HasNext();
  void Handle(CommandPtr owned);
  absl::StatusOr<std::optional<CommandResult>> Replay(PendingCommand& command, int64_t now_us);
  domain::CommandMeta MakeMeta(const CommandContext& context, int64_t now_us);
  absl::StatusOr<CommandResult> Stage(Answer& answer, const domain::CommandMeta& meta,
                                      const domain::Decision& decision);
  absl::StatusOr<CommandResult> Preview(PendingCommand& command, const domain::CommandMeta& meta,
                                        const domain::Decision& decision);
  CommandResult ResultAtHead(uint64_t subject_revision);
  void Publish();
  absl::Status Write();
  void Reply();
  void CountRefusal(const absl::Status& status);
  void Stop(const absl::Status& failure);

  // Constant after construction.
  EventLog& log_;
  const PartitionId partition_;
  const base::Clock& clock_;
  const SequencerOptions options_;

  Admission admission_;  // Synchronises itself.

  // The sequencer's thread only, but for Prefetch.
  Overlay overlay_;
  Batch batch_;
  eventstore::PartitionHead head_;
  std::deque<CommandPtr> ready_;     // Taken off the queue, not yet decided.
  std::deque<CommandPtr> deferred_;  // Repeat a request of the batch that is being decided.

  // Synchronise themselves.
  TimeQuestions questions_;
  std::atomic<uint64_t> commands_ = 0, refusals_ = 0, replays_ = 0, batches_ = 0, events_ = 0;
  std::atomic<uint64_t> cache_hits_ = 0, cache_misses_ = 0;

  // Guarded by mu_.
  mutable base::Mutex mu_;
  base::CondVar work_;
  std::deque<CommandPtr> queue_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, uint64_t> refusals_by_reason_ ABSL_GUARDED_BY(mu_);

  base::Mutex drain_mu_;
  base::Worker worker_ ABSL_GUARDED_BY(drain_mu_);  // Last: its thread uses all of the above.
};

void SequencerImpl::Submit(CommandPtr command) {
  const size_t bytes = command->ApproximateBytes();
  if (absl::Status refusal = admission_.Enter(bytes); !refusal.ok()) {
    command->Done(std::move(refusal));
    return;
  }
  bool was_empty = false;
  {
    base::MutexLock lock(mu_);
    if (!closed_) {
      was_empty = queue_.empty();
      queue_.push_back(std::move(command));
    }
  }
  if (was_empty) work_.NotifyOne();
  if (command == nullptr) return;
  admission_.Leave(1, bytes);
  admission_.Turned(Shed::kStopping);
  command->Done(NotReady());
}

void SequencerImpl::AskPositionAt(const eventstore::TenantId& tenant, int64_t time_us,
                                  PositionFunction done) {
  if (!questions_.Ask(tenant, time_us, std::move(done))) return;
  // Under the lock: the sequencer either sees the question before it sleeps, or is woken.
  base::MutexLock lock(mu_);
  work_.NotifyOne();
}

void SequencerImpl::Drain() {
  {
    base::MutexLock lock(mu_);
    closed_ = true;
    work_.NotifyOne();
  }
  base::MutexLock lock(drain_mu_);
  worker_.Join();
}

SequencerStats SequencerImpl::stats() const {
  SequencerStats stats{.queue_bytes = admission_.waiting_bytes(),
                       .queue_commands = admission_.waiting_commands(),
                       .queue_bytes_max = options_.queue_bytes_max,
                       .expected_wait = admission_.expected_wait(),
                       .commands = commands_,
                       .refusals = refusals_,
                       .replays = replays_,
                       .batches = batches_,
                       .events = events_,
                       .cache_hits = cache_hits_,
                       .cache_misses = cache_misses_};
  for (size_t i = 0; i < kShedKinds; ++i) stats.shed[i] = admission_.shed(static_cast<Shed>(i));
  base::MutexLock lock(mu_);
  stats.refusals_by_reason = refusals_by_reason_;
  return stats;
}

void SequencerImpl::Run() {
  head_ = log_.BatchHead(partition_);
  while (CommandPtr command = Wait()) Handle(std::move(command));
  questions_.Close(NotReady());
}

// The next command; sleeps until there is one. Null once there will be none.
CommandPtr SequencerImpl::Wait() {
  while (ready_.empty()) {
    if (questions_.waiting()) questions_.Answer(log_);
    base::MutexLock lock(mu_);
    while (queue_.empty() && !closed_ && !questions_.waiting()) work_.Wait(mu_);
    ready_.swap(queue_);
    if (ready_.empty() && closed_) return nullptr;
  }
  CommandPtr command = std::move(ready_.front());
  ready_.pop_front();
  return command;
}

bool SequencerImpl::HasNext() {
  if (!ready_.empty()) return true;
  base::MutexLock lock(mu_);
  ready_.swap(queue_);
  return !ready_.empty();
}

// The path of a command.
void SequencerImpl::Handle(CommandPtr owned) {
  if (batch_.answers.empty()) admission_.Began();
  const CommandContext& context = owned->context();
  const int64_t clock_us = clock_.NowMicros();
  const auto decide = [&](Answer& answer) -> absl::StatusOr<CommandResult> {
    if (absl::FromUnixMicros(clock_us) > context.deadline) return DeadlinePassed();

    // 1. A replayed request is answered from its record.
    ASSIGN_OR_RETURN(std::optional<CommandResult> replay, Replay(*answer.command, clock_us));
    if (replay.has_value()) return *std::move(replay);

    // 2. Load state: the tenant's head here, aggregates as Decide asks for them; from the cache,
    //    else folded from their streams.
    RETURN_IF_ERROR(overlay_.Begin(context.tenant, context.creates_tenant));

    // 3. Decide: events or a refusal.
    const domain::CommandMeta meta = MakeMeta(context, clock_us);
    ASSIGN_OR_RETURN(const domain::Decision decision, answer.command->Decide(meta, overlay_));
    RETURN_IF_ERROR(
        CheckStreamLengths(context, decision, options_.events_per_stream_max, overlay_));

    // 4. Evolve the states and stage the commit.
    if (context.validate_only) return Preview(*answer.command, meta, decision);
    return Stage(answer, meta, decision);
  };

  if (overlay_.IsRequestStaged(context)) {
    // Repeats a request of this very batch: waits for the next one, when the log knows the outcome.
    deferred_.push_back(std::move(owned));
  } else {
    Answer& answer = batch_.answers.emplace_back(Answer{.command = std::move(owned)});
    answer.result = decide(answer);
  }

  // 5. Queue empty or batch full: ONE synced write, then reply to all. Not before: everything was
  //    decided over what the batch has staged.
  if (batch_.full() || !HasNext()) Publish();
}

// The answer to a request that was executed before; nothing if it was not.
absl::StatusOr<std::optional<CommandResult>> SequencerImpl::Replay(PendingCommand& command,
                                                                   int64_t now_us) {
  const CommandContext& context = command.context();
  if (context.request_id.empty() || context.validate_only) return std::nullopt;
  ASSIGN_OR_RETURN(const std::optional<storage::v1::RequestRecord> record,
                   log_.FindRequest(context.tenant, context.origin.principal, context.request_id));
  if (!record.has_value() || record->expires_at_us() <= now_us) return std::nullopt;
  if (record->fingerprint() != context.fingerprint) return RequestIdReused(context);
  // What the first reply showed: the subject as it was then. Never the cache, which may be ahead.
  const domain::StreamRef subject{record->subject().stream().type(),
                                  record->subject().stream().id()};
  const eventstore::Revision revision{record->subject().last_revision()};
  ASSIGN_OR_RETURN(const auto state, FoldStream(log_, context.tenant, subject, revision));
  command.Describe(*state);
  replays_.fetch_add(1, std::memory_order_relaxed);
  const eventstore::Position position{record->last_position()};
  return CommandResult{.position = position,
                       .recorded_at_us = record->recorded_at_us(),
                       .subject_revision = revision.value,
                       .token = EncodeToken(partition_, head_.owner_epoch, position),
                       .replayed = true};
}

domain::CommandMeta SequencerImpl::MakeMeta(const CommandContext& context, int64_t clock_us) {
  // Strictly rising within the tenant, and past every time that was asked about, whatever the clock
  // does.
  const int64_t now_us =
      std::max({clock_us, overlay_.head().recorded_at_us + 1, questions_.later_than_us() + 1});
  domain::CommandMeta meta{
      .tenant = context.tenant.value,
      .principal = context.origin.principal,
      .now_us = now_us,
      .occurred_at_us = context.occurred_at_us != 0 ? context.occurred_at_us : now_us,
      .override_reason = context.origin.override_reason,
      .etag = context.etag,
      .via = context.origin.via,
      .id_seed = context.id_seed};
  if (meta.id_seed == base::Uuid{}) meta.id_seed = base::MakeUuid7(now_us);
  return meta;
}

// For commands that write nothing.
CommandResult SequencerImpl::ResultAtHead(uint64_t subject_revision) {
  const eventstore::TenantHead& head = overlay_.head();
  return {.position = head.position,
          .recorded_at_us = head.recorded_at_us,
          .subject_revision = subject_revision,
          .token = EncodeToken(partition_, head_.owner_epoch, head.position)};
}

// Applies the decision to the cached states and adds its commit to the batch. What can fail comes
// first: a state that was evolved for a commit that is not written would be a lie.
absl::StatusOr<CommandResult> SequencerImpl::Stage(Answer& answer, const domain::CommandMeta& meta,
                                                   const domain::Decision& decision) {
  const CommandContext& context = answer.command->context();
  ASSIGN_OR_RETURN(eventstore::NewCommit commit, BuildCommit(context, meta, decision, options_));
  ASSIGN_OR_RETURN(StateCache::Entry* const subject, overlay_.Load(decision.subject));
  std::vector<StateCache::Entry*> written;
  written.reserve(decision.events.size());
  for (const domain::PendingEvent& pending : decision.events) {
    ASSIGN_OR_RETURN(written.emplace_back(), overlay_.Load(pending.stream));
    RETURN_IF_ERROR(CheckKnown(*written.back()->state, pending.stream));
  }

  eventstore::TenantHead& head = overlay_.head();
  for (size_t i = 0; i < written.size(); ++i) {
    domain::AggregateState& state = *written[i]->state;
    state.Apply(decision.events[i].event, {.revision = state.revision + 1,
                                           .position = ++head.position.value,
                                           .recorded_at_us = meta.now_us,
                                           .occurred_at_us = commit.events[i].occurred_at_us,
                                           .principal = meta.principal});
  }
  for (StateCache::Entry* entry : written) overlay_.Measure(*entry);
  answer.command->Describe(*subject->state);

  // A command without effect is written only to remember its request.
  if (commit.events.empty() && commit.request.request_id.empty()) {
    return ResultAtHead(subject->state->revision);
  }
  head.recorded_at_us = meta.now_us;
  overlay_.StageKeys(commit.releases, commit.claims);
  overlay_.StageRequest(context);
  commit.conditions = overlay_.Conditions();
  // The rest is known when the batch is settled.
  const CommandResult result{.position = head.position, .event_count = commit.events.size()};
  answer.commit = batch_.commits.size();
  batch_.commit_bytes += CommitBytes(commit);
  batch_.event_count += commit.events.size();
  batch_.commits.push_back(std::move(commit));
  return result;
}

// Describes the subject as it would be, and writes nothing.
absl::StatusOr<CommandResult> SequencerImpl::Preview(PendingCommand& command,
                                                     const domain::CommandMeta& meta,
                                                     const domain::Decision& decision) {
  RETURN_IF_ERROR(BuildCommit(command.context(), meta, decision, options_).status());
  ASSIGN_OR_RETURN(const domain::AggregateState* const current, overlay_.Find(decision.subject));
  const std::unique_ptr<domain::AggregateState> preview = current->Clone();
  uint64_t position = overlay_.head().position.value;
  for (const domain::PendingEvent& pending : decision.events) {
    ++position;
    ASSIGN_OR_RETURN(const domain::AggregateState* const state, overlay_.Find(pending.stream));
    RETURN_IF_ERROR(CheckKnown(*state, pending.stream));
    if (pending.stream != decision.subject) continue;
    preview->Apply(pending.event,
                   {.revision = preview->revision + 1,
                    .position = position,
                    .recorded_at_us = meta.now_us,
                    .occurred_at_us =
                        pending.occurred_at_us != 0 ? pending.occurred_at_us : meta.occurred_at_us,
                    .principal = meta.principal});
  }
  command.Describe(*preview);
  return ResultAtHead(current->revision);
}

void SequencerImpl::Publish() {
  absl::Status failure = Write();
  // DISK_LOW and READ_ONLY are said before anything was written, and end by themselves.
  const bool fatal = !failure.ok() && failure.code() != absl::StatusCode::kResourceExhausted &&
                     failure.code() != absl::StatusCode::kUnavailable;
  if (!failure.ok()) batch_.Fail(failure);
  Reply();
  if (fatal) return Stop(failure);
  while (!deferred_.empty()) {
    ready_.push_front(std::move(deferred_.back()));
    deferred_.pop_back();
  }
  if (questions_.waiting()) questions_.Answer(log_);
}

// Makes the batch durable and completes its answers. On failure the overlay is gone.
absl::Status SequencerImpl::Write() {
  if (batch_.commits.empty()) {
    overlay_.Published();
    return absl::OkStatus();
  }
  const auto outcomes = log_.Append(partition_, head_.number, batch_.commits);
  if (!outcomes.ok()) {
    overlay_.Drop();
    return outcomes.status();
  }
  head_ = log_.BatchHead(partition_);
  if (batch_.Settle(*outcomes, partition_, head_.owner_epoch)) {
    overlay_.Published();
  } else {
    overlay_.Drop();
  }
  batches_.fetch_add(1, std::memory_order_relaxed);
  events_.fetch_add(batch_.event_count, std::memory_order_relaxed);
  return absl::OkStatus();
}

void SequencerImpl::Reply() {
  commands_.fetch_add(batch_.answers.size(), std::memory_order_relaxed);
  for (const Answer& answer : batch_.answers) {
    if (!answer.result.ok()) CountRefusal(answer.result.status());
  }
  cache_hits_.store(overlay_.hits(), std::memory_order_relaxed);
  cache_misses_.store(overlay_.misses(), std::memory_order_relaxed);
  const size_t commands = batch_.answers.size();
  const size_t bytes = batch_.Reply();
  batch_ = {.commands_max = options_.batch_commands_max};
  admission_.Leave(commands, bytes);
  admission_.Ended();
}

void SequencerImpl::CountRefusal(const absl::Status& status) {
  refusals_.fetch_add(1, std::memory_order_relaxed);
  std::string reason = base::ReasonOf(status);
  base::MutexLock lock(mu_);
  ++refusals_by_reason_[std::move(reason)];
}

// After a failed write nothing more is accepted until the log was reopened and read again.
void SequencerImpl::Stop(const absl::Status& failure) {
  // A repeated request shares the fate of the first.
  for (CommandPtr& command : deferred_) {
    batch_.answers.push_back({.command = std::move(command), .result = failure});
  }
  deferred_.clear();
  {
    base::MutexLock lock(mu_);
    closed_ = true;
    ready_.insert(ready_.end(), std::make_move_iterator(queue_.begin()),
                  std::make_move_iterator(queue_.end()));
    queue_.clear();
  }
  for (CommandPtr& command : ready_) {
    batch_.answers.push_back({.command = std::move(command), .result = NotReady()});
  }
  ready_.clear();
  questions_.Close(NotReady());
  Reply();
  if (options_.on_fatal) options_.on_fatal(failure);
}

}  // namespace

std::unique_ptr<Sequencer> MakeSequencer(EventLog& log, PartitionId partition,
                                         const base::Clock& clock, SequencerOptions options) {
  return std::make_unique<SequencerImpl>(log, partition, clock, std::move(options));
}

}  // namespace dealog::commands
