#include "services/jobs/import_run.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/states/import.h"
#include "projections/states/stream_types.h"
#include "services/jobs/chunk_decider.h"
#include "services/jobs/limits.h"
#include "services/jobs/log_states.h"

namespace dealog::jobs {
namespace {

constexpr char kMethod[] = "/dealog.v1.ImportService/StartImport";

// Waiting cures it: the sequencer's queue was full.
bool IsOverload(const absl::Status& status) { return base::ReasonOf(status) == "OVERLOADED"; }
// Waiting cures it, once somebody made room.
bool IsDiskLow(const absl::Status& status) { return base::ReasonOf(status) == "DISK_LOW"; }
// The chunk before it did not land.
bool IsOutOfTurn(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason == "CONDITION_FAILED" || reason == "REVISION_CONFLICT";
}
// The server stops: the job goes on after its next start.
bool IsShutdown(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason == "NOT_READY" || reason == "OUTCOME_UNKNOWN" || reason == "READ_ONLY";
}

absl::Status Stopped() { return absl::CancelledError("the import stopped; it goes on later"); }

absl::Status NotRunning(const domain::ImportState& state) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "IMPORT_INVALID",
                     absl::StrCat("import ", state.import_id, " is not running any more"));
}

absl::StatusOr<const domain::ImportState*> FindImport(domain::StateReader& states,
                                                      const domain::StreamRef& stream) {
  ASSIGN_OR_RETURN(const domain::AggregateState* state, states.Find(stream));
  return static_cast<const domain::ImportState*>(state);
}

}  // namespace

ImportRun::ImportRun(ImportRunOptions options, const SpooledInput& input, ImportControl& control,
                     Report report)
    : options_(std::move(options)),
      input_(input),
      decider_(input.mapping),
      stream_{domain::kImportStream, options_.import_id},
      control_(control),
      report_(std::move(report)),
      import_(options_.import_id) {}

commands::CommandContext ImportRun::Context(const std::string& principal) const {
  commands::CommandContext context;
  context.tenant = options_.tenant;
  context.method = kMethod;
  context.origin.principal = principal;
  context.origin.via = storage::v1::VIA_IMPORT;
  context.origin.correlation_id = options_.import_id;
  context.origin.suppress_workflows = input_.mapping.suppress_workflows;
  if (!input_.mapping.enforce_rules) {
    context.origin.override_reason = absl::StrCat("historical import ", input_.mapping.name);
  }
  return context;
}

absl::StatusOr<int64_t> ImportRun::CountRows() {
  ASSIGN_OR_RETURN(const auto source,
                   RowSource::Open(input_.mapping, input_.folder, input_.undated_at_us));
  ImportRow row;
  for (int64_t count = 0;; ++count) {
    if (control_.stop) return Stopped();
    ASSIGN_OR_RETURN(const bool found, source->Next(row));
    if (!found) return count;
    if (count >= kRowsMax) {
      return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                         absl::StrCat("expected at most ", kRowsMax, " rows (kRowsMax)"));
    }
  }
}

absl::Status ImportRun::Begin(int64_t row_count) {
  const auto decide = [&](const domain::CommandMeta& meta,
                          domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    ASSIGN_OR_RETURN(const domain::ImportState* state, FindImport(states, stream_));
    if (state->revision > 0) {
      return base::Error(absl::StatusCode::kAlreadyExists, "IMPORT_RUNNING",
                         absl::StrCat("import ", options_.import_id, " runs; wait for it"))
          .With("import_id", options_.import_id);
    }
    domain::Decision decision;
    if (input_.mapping.pipeline) {
      ASSIGN_OR_RETURN(decision, decider_.DecidePipeline(meta, states));
    }
    decision.subject = stream_;
    domain::PendingEvent started{.stream = stream_};
    auto& event = *started.event.mutable_import()->mutable_import_started();
    event.set_mapping_name(input_.mapping.name);
    event.set_input_sha256(input_.sha256);
    event.set_row_count(row_count);
    decision.events.push_back(std::move(started));
    return decision;
  };
  return commands::Execute(options_.sequencer, Context(options_.principal), decide).status();
}

absl::StatusOr<bool> ImportRun::ReadChunk(RowSource& source, RowChunk& chunk) {
  ImportRow row;
  while (chunk.rows.size() < std::min(options_.rows_per_commit, kRowsPerCommit)) {
    ASSIGN_OR_RETURN(const bool found, source.Next(row));
    if (!found) break;
    chunk.rows.push_back(std::move(row));
  }
  return !chunk.rows.empty();
}

absl::StatusOr<domain::Decision> ImportRun::DecideChunk(RowChunk& chunk,
                                                        const domain::CommandMeta& meta,
                                                        domain::StateReader& states) {
  ASSIGN_OR_RETURN(const domain::ImportState* state, FindImport(states, stream_));
  if (state->state != v1::Import::RUNNING) return NotRunning(*state);
  base::MutexLock lock(mu_);
  events::v1::ImportProgressed progress;
  progress.set_rows_done(state->rows_done);
  progress.set_rows_imported(state->rows_imported);
  progress.set_rows_unchanged(state->rows_unchanged);
  progress.set_rows_rejected(state->rows_rejected);
  progress.set_events_written(events_written_);
  domain::Decision total{.subject = stream_};
  if (state->rows_done >= chunk.end()) {  // It landed before, without our knowing.
    chunk.progress = std::move(progress);
    return total;
  }
  if (state->rows_done != chunk.first) {
    return base::Error(absl::StatusCode::kAborted, "CONDITION_FAILED",
                       absl::StrCat("rows from ", chunk.first, " come after ", state->rows_done));
  }
  domain::Staging staging(states);
  RETURN_IF_ERROR(DecideRows(decider_, chunk.rows, meta, staging, total, progress));
  domain::PendingEvent pending{.stream = stream_};
  *pending.event.mutable_import()->mutable_import_progressed() = progress;
  total.events.push_back(std::move(pending));
  events_written_ = progress.events_written();
  chunk.progress = std::move(progress);
  return total;
}

// The caller keeps the chunk's place in flights_.
void ImportRun::Launch(std::shared_ptr<RowChunk> chunk) {
  auto* raw = chunk.get();
  auto decide = [this, raw](const domain::CommandMeta& meta, domain::StateReader& states) {
    return DecideChunk(*raw, meta, states);
  };
  auto done = [this, chunk](absl::StatusOr<commands::CommandResult> result) {
    base::MutexLock lock(mu_);
    for (Flight& flight : flights_) {
      if (flight.chunk != chunk) continue;
      flight.landed = true;
      flight.status = result.status();
    }
    landed_.NotifyAll();
  };
  options_.sequencer.Submit(std::make_unique<commands::LambdaCommand>(
      Context(options_.principal), std::move(decide), commands::DescribeFunction{}, std::move(done),
      raw->rows.size() * sizeof(ImportRow)));
}

// Waits for the oldest chunk in flight. Fails, and keeps the chunk, if that failed.
absl::Status ImportRun::LandOne() {
  std::shared_ptr<RowChunk> chunk;
  {
    base::MutexLock lock(mu_);
    while (!flights_.front().landed) landed_.Wait(mu_);
    if (!flights_.front().status.ok()) return flights_.front().status;
    chunk = std::move(flights_.front().chunk);
    flights_.pop_front();
  }
  attempts_ = 0;
  events::v1::Event progressed;
  *progressed.mutable_import()->mutable_import_progressed() = chunk->progress;
  Take(progressed);
  report_(states::ToImport(import_));
  return absl::OkStatus();
}

void ImportRun::LandAll() {
  base::MutexLock lock(mu_);
  for (const auto in_the_air = [](const Flight& flight) { return !flight.landed; };
       std::any_of(flights_.begin(), flights_.end(), in_the_air);) {
    landed_.Wait(mu_);
  }
}

// Decides all chunks in flight again, in order; those that landed after all change nothing.
void ImportRun::Relaunch() {
  std::vector<std::shared_ptr<RowChunk>> chunks;
  {
    base::MutexLock lock(mu_);
    for (Flight& flight : flights_) {
      flight.landed = false;
      flight.status = absl::OkStatus();
      chunks.push_back(flight.chunk);
    }
  }
  for (auto& chunk : chunks) Launch(std::move(chunk));
}

// Waits and tries again what failed; the failure itself if there is no sense in that.
absl::Status ImportRun::Retry(const absl::Status& status) {
  LandAll();
  if (control_.stop || IsShutdown(status)) return Stopped();
  if (control_.cancel) return absl::OkStatus();  // The caller sees the flag.
  if (IsDiskLow(status)) {
    AwaitSpace(status, [this] { return control_.stop || control_.cancel; });
    if (control_.stop) return Stopped();
    if (control_.cancel) return absl::OkStatus();
  } else {
    if (!IsOverload(status) && !IsOutOfTurn(status)) return status;
    if (++attempts_ > kAttemptsMax) return status;
    Pause(kRetryDelayMicros << std::min(attempts_, 6));
  }
  ASSIGN_OR_RETURN(const ImportRecord record,
                   ReadImport(options_.log, options_.tenant, options_.import_id));
  {
    base::MutexLock lock(mu_);
    events_written_ = record.state.events_written;
  }
  Relaunch();
  return absl::OkStatus();
}

void ImportRun::Pause(int64_t micros) {
  base::MutexLock lock(mu_);
  landed_.WaitFor(mu_, std::chrono::microseconds(micros));
}

// One pause, in which the job says what it waits for.
void ImportRun::AwaitSpace(const absl::Status& status, const std::function<bool()>& over) {
  v1::Import waiting = states::ToImport(import_);
  waiting.set_error(absl::StrCat("waiting: ", std::string(status.message())));
  report_(waiting);
  // In small steps: a stop or a cancel does not wake it.
  for (int64_t waited = 0; waited < kDiskLowDelayMicros; waited += kRetryDelayMicros) {
    if (over()) return;
    Pause(kRetryDelayMicros);
  }
}

absl::Status ImportRun::ImportRows(RowSource& source) {
  int64_t read = 0;
  for (ImportRow row; read < import_.rows_done; ++read) {
    ASSIGN_OR_RETURN(const bool found, source.Next(row));
    if (!found) return absl::DataLossError("the spooled files have fewer rows than were imported");
  }
  for (bool more = true; !control_.stop && !control_.cancel;) {
    size_t in_flight = 0;
    {
      base::MutexLock lock(mu_);
      in_flight = flights_.size();
    }
    if (more && in_flight < kCommitsInFlightMax) {
      auto chunk = std::make_shared<RowChunk>();
      chunk->first = read;
      ASSIGN_OR_RETURN(more, ReadChunk(source, *chunk));
      if (!more) continue;
      read = chunk->end();
      {
        base::MutexLock lock(mu_);
        flights_.push_back({.chunk = chunk});
      }
      Launch(std::move(chunk));
      continue;
    }
    if (in_flight == 0) return absl::OkStatus();
    if (const absl::Status status = LandOne(); !status.ok()) RETURN_IF_ERROR(Retry(status));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Import> ImportRun::Finish() {
  ASSIGN_OR_RETURN(const ImportRecord record,
                   ReadImport(options_.log, options_.tenant, options_.import_id));
  import_ = record.state;
  if (import_.state != v1::Import::RUNNING) return states::ToImport(import_);
  {
    base::MutexLock lock(mu_);
    events_written_ = import_.events_written;
  }
  report_(states::ToImport(import_));
  auto source = RowSource::Open(input_.mapping, input_.folder, input_.undated_at_us);
  absl::Status status = source.ok() ? ImportRows(**source) : source.status();
  LandAll();
  if (absl::IsCancelled(status) || (control_.stop && !control_.cancel)) return Stopped();
  if (control_.cancel) {
    return Fail(control_.cancelled_by, absl::StrCat("cancelled by ", control_.cancelled_by));
  }
  if (!status.ok()) return Fail(options_.principal, std::string(status.message()));
  events::v1::Event completed;
  auto& replacements =
      *completed.mutable_import()->mutable_import_completed()->mutable_replacements();
  for (const auto& replaced : (*source)->Replacements()) *replacements.Add() = replaced;
  return End(options_.principal, std::move(completed));
}

absl::StatusOr<v1::Import> ImportRun::Fail(const std::string& principal,
                                           const std::string& message) {
  events::v1::Event failed;
  failed.mutable_import()->mutable_import_failed()->set_message(message);
  return End(principal, std::move(failed));
}

absl::StatusOr<v1::Import> ImportRun::End(const std::string& principal, events::v1::Event event) {
  const auto decide = [&](const domain::CommandMeta&,
                          domain::StateReader& states) -> absl::StatusOr<domain::Decision> {
    ASSIGN_OR_RETURN(const domain::ImportState* state, FindImport(states, stream_));
    domain::Decision decision{.subject = stream_};
    if (state->state != v1::Import::RUNNING) return decision;
    domain::PendingEvent pending{.stream = stream_};
    pending.event = event;
    decision.events.push_back(std::move(pending));
    return decision;
  };
  absl::Status ended;
  do {
    ended = commands::Execute(options_.sequencer, Context(principal), decide).status();
    if (IsDiskLow(ended)) AwaitSpace(ended, [this] { return control_.stop.load(); });
  } while (IsDiskLow(ended) && !control_.stop);
  if (!ended.ok()) return IsShutdown(ended) || control_.stop ? Stopped() : ended;
  ASSIGN_OR_RETURN(ImportRecord record,
                   ReadImport(options_.log, options_.tenant, options_.import_id));
  return states::ToImport(record.state);
}

domain::CommandMeta ImportRun::DryMeta() const {
  domain::CommandMeta meta;
  meta.tenant = options_.tenant.value;
  meta.principal = options_.principal;
  meta.now_us = meta.occurred_at_us = options_.clock.NowMicros();
  meta.via = storage::v1::VIA_IMPORT;
  meta.override_reason = Context(options_.principal).origin.override_reason;
  return meta;
}

void ImportRun::Take(const events::v1::Event& event) {
  import_.Apply(event, {.revision = import_.revision + 1, .recorded_at_us = import_.updated_at_us});
}

absl::StatusOr<v1::Import> ImportRun::DryRun(int64_t row_count) {
  ASSIGN_OR_RETURN(const auto source,
                   RowSource::Open(input_.mapping, input_.folder, input_.undated_at_us));
  const domain::CommandMeta meta = DryMeta();
  LogStates log(options_.log, options_.tenant, options_.unique_key_secret);
  domain::Staging reference(log);  // What later rows refer to.
  domain::Decision pipeline_events;
  if (input_.mapping.pipeline) {
    ASSIGN_OR_RETURN(domain::Decision pipeline, decider_.DecidePipeline(meta, reference));
    RETURN_IF_ERROR(reference.Stage(std::move(pipeline), meta, pipeline_events));
  }
  events::v1::Event event;
  event.mutable_import()->mutable_import_started()->set_mapping_name(input_.mapping.name);
  event.mutable_import()->mutable_import_started()->set_row_count(row_count);
  Take(event);
  events::v1::ImportProgressed progress;
  for (;;) {
    if (control_.stop) return Stopped();
    RowChunk chunk;
    ASSIGN_OR_RETURN(const bool found, ReadChunk(*source, chunk));
    if (!found) break;
    log.Trim();
    domain::Decision unused;
    domain::Staging deals(static_cast<domain::StateReader&>(reference));
    const bool only_deals =
        chunk.rows.front().role == Role::kDeals;  // No later row refers to them.
    progress.clear_rejected();
    RETURN_IF_ERROR(
        DecideRows(decider_, chunk.rows, meta, only_deals ? deals : reference, unused, progress));
    *event.mutable_import()->mutable_import_progressed() = progress;
    Take(event);
  }
  auto& completed = *event.mutable_import()->mutable_import_completed();
  for (const auto& replaced : source->Replacements()) *completed.add_replacements() = replaced;
  Take(event);
  v1::Import result = states::ToImport(import_);
  result.set_dry_run(true);
  // Nothing of it was written, at no time.
  result.set_events_written(0);
  result.clear_import_id();
  result.clear_start_time();
  result.clear_end_time();
  return result;
}

}  // namespace dealog::jobs
