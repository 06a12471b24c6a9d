#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "projections/states/describe.h"
#include "projections/states/stream_types.h"
#include "projections/views/queries.h"
#include "services/commands/state_loader.h"
#include "services/domain/tenant.h"
#include "services/domain/values.h"
#include "services/jobs/import_job.h"
#include "services/jobs/import_record.h"
#include "services/jobs/import_run.h"
#include "services/jobs/spool.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

using eventstore::TenantId;

// How long the search for lost imports waits for a tenant's views at a start.
constexpr absl::Duration kLostReadTimeout = absl::Seconds(5);

absl::Status NotFound(std::string_view import_id) {
  return base::Error(absl::StatusCode::kNotFound, "IMPORT_NOT_FOUND",
                     absl::StrCat("there is no import \"", std::string(import_id), "\""))
      .With("import_id", import_id);
}

absl::Status Running(const std::string& import_id) {
  return base::Error(absl::StatusCode::kAlreadyExists, "IMPORT_RUNNING",
                     absl::StrCat("the same files are being imported by ", import_id,
                                  "; wait until it has ended"))
      .With("import_id", import_id)
      .RetryAfter(absl::Seconds(1));
}

absl::Status Stopping() {
  return base::Error(absl::StatusCode::kUnavailable, "NOT_READY",
                     "the server stops; start the import again when it is back")
      .RetryAfter(absl::Seconds(1));
}

// One import on its worker, from the end of its upload to the end of the job.
struct Job {
  TenantId tenant;
  std::string principal;
  std::unique_ptr<SpoolUpload> upload;  // Null for one that is resumed.
  SpooledInput input;
  std::string import_id;  // Empty until it is known.
  ImportControl control;
  ImportDone started;             // Called once it has started, or failed to.
  v1::Import import;              // As of the last commit. Guarded by the ImportJobs' lock.
  std::vector<ImportDone> ended;  // Those who wait for its end; same lock.
  bool over = false;              // Same lock.
  base::Worker worker;
};

class ImportJobsImpl final : public ImportJobs {
 public:
  ImportJobsImpl(eventstore::EventLog& log, commands::Sequencers& sequencers,
                 projections::Runner* runner, const base::Clock& clock, ImportJobsOptions options)
      : log_(log),
        sequencers_(sequencers),
        runner_(runner),
        clock_(clock),
        options_(std::move(options)) {}
  ~ImportJobsImpl() override { Stop(); }

  absl::StatusOr<std::unique_ptr<ImportUpload>> Open(const TenantId& tenant,
                                                     std::string_view principal,
                                                     const v1::ImportHeader& header) override;
  void Start(std::unique_ptr<ImportUpload> upload, ImportDone done) override;
  void Cancel(const TenantId& tenant, std::string_view principal, std::string_view import_id,
              ImportDone done) override;
  absl::StatusOr<v1::Import> Get(const TenantId& tenant, std::string_view import_id) const override;
  absl::Status Resume() override;
  void Stop() override;

 private:
  ImportRun MakeRun(Job& job);
  void StartWorker(std::unique_ptr<Job> job);
  void Work(Job& job);
  absl::StatusOr<v1::Import> Prepare(Job& job);
  absl::StatusOr<bool> ChooseId(Job& job);
  void Finish(Job& job);
  void End(Job& job, const absl::StatusOr<v1::Import>& result);
  void FailLost(const std::set<std::string>& resumed);
  Job* FindRunning(const TenantId& tenant, std::string_view import_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<std::unique_ptr<Job>> TakeOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  eventstore::EventLog& log_;
  commands::Sequencers& sequencers_;
  projections::Runner* const runner_;
  const base::Clock& clock_;
  const ImportJobsOptions options_;

  mutable base::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<Job>> jobs_ ABSL_GUARDED_BY(mu_);
  base::Worker janitor_;  // Fails the imports whose input is lost; see FailLost.
};

// The header with undated_at always set.
absl::StatusOr<v1::ImportHeader> Dated(v1::ImportHeader header, const Mapping& mapping,
                                       const domain::TenantState& tenant) {
  if (!header.has_undated_at()) {
    int64_t time_us = mapping.reference_at_us;
    if (!header.undated_date().empty()) {
      events::v1::Date date;
      absl::TimeZone zone;
      if (const MaybeFault fault = ParseDate(header.undated_date(), date)) {
        return base::InvalidField("header.undated_date", fault->message);
      }
      if (!absl::LoadTimeZone(tenant.time_zone, &zone)) zone = absl::UTCTimeZone();
      time_us = StartOfDay(date, zone);
    }
    *header.mutable_undated_at() = domain::ToTimestamp(time_us);
  }
  RETURN_IF_ERROR(domain::ToMicros("header.undated_at", header.undated_at()).status());
  return header;
}

absl::StatusOr<std::unique_ptr<ImportUpload>> ImportJobsImpl::Open(const TenantId& tenant,
                                                                   std::string_view principal,
                                                                   const v1::ImportHeader& header) {
  ASSIGN_OR_RETURN(const auto state,
                   commands::FoldStream(log_, tenant, {domain::kTenantStream, tenant.value}));
  if (state->revision == 0) {
    return base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                       absl::StrCat("there is no tenant \"", tenant.value, "\"; create it first"));
  }
  if (header.mapping().size() > kMappingBytesMax) {
    return base::InvalidField("header.mapping", absl::StrCat("expected at most ", kMappingBytesMax,
                                                             " bytes (kMappingBytesMax), found ",
                                                             header.mapping().size()));
  }
  ASSIGN_OR_RETURN(Mapping mapping, ParseMapping(header.mapping()));
  ASSIGN_OR_RETURN(v1::ImportHeader dated,
                   Dated(header, mapping, static_cast<const domain::TenantState&>(*state)));
  return SpoolUpload::Make(options_.folder, tenant, principal, std::move(dated), std::move(mapping),
                           options_.upload_bytes_max);
}

void ImportJobsImpl::Start(std::unique_ptr<ImportUpload> upload, ImportDone done) {
  auto job = std::make_unique<Job>();
  job->upload.reset(static_cast<SpoolUpload*>(upload.release()));
  job->tenant = job->upload->tenant();
  job->principal = job->upload->principal();
  job->started = std::move(done);
  StartWorker(std::move(job));
}

void ImportJobsImpl::StartWorker(std::unique_ptr<Job> job) {
  std::vector<std::unique_ptr<Job>> over;  // Joined without the lock.
  absl::Status refusal;
  {
    base::MutexLock lock(mu_);
    over = TakeOver();
    if (stopping_) {
      refusal = Stopping();
    } else if (jobs_.size() >= kRunningImportsMax && job->upload != nullptr) {
      refusal = base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                            absl::StrCat("expected at most ", kRunningImportsMax,
                                         " imports at once (kRunningImportsMax); try again later"))
                    .RetryAfter(absl::Seconds(5));
    } else {
      Job& running = *jobs_.emplace_back(std::move(job));
      running.worker = base::Worker("import", [this, &running] { Work(running); });
      return;
    }
  }
  if (job->started) job->started(refusal);
}

// Jobs whose worker has nothing left to do.
std::vector<std::unique_ptr<Job>> ImportJobsImpl::TakeOver() {
  std::vector<std::unique_ptr<Job>> over;
  std::erase_if(jobs_, [&over](std::unique_ptr<Job>& job) {
    if (!job->over) return false;
    over.push_back(std::move(job));
    return true;
  });
  return over;
}

ImportRun ImportJobsImpl::MakeRun(Job& job) {
  return ImportRun(ImportRunOptions{.log = log_,
                                    .sequencer = sequencers_.Of(job.tenant),
                                    .clock = clock_,
                                    .tenant = job.tenant,
                                    .principal = job.principal,
                                    .import_id = job.import_id,
                                    .unique_key_secret = options_.unique_key_secret,
                                    .rows_per_commit = options_.rows_per_commit},
                   job.input, job.control, [this, &job](const v1::Import& import) {
                     base::MutexLock lock(mu_);
                     job.import = import;
                   });
}

void ImportJobsImpl::Work(Job& job) {
  if (job.upload != nullptr) {
    const absl::StatusOr<v1::Import> prepared = Prepare(job);
    job.upload.reset();  // Removes the files unless they were kept.
    const bool goes_on = prepared.ok() && !job.input.header.dry_run();
    if (!goes_on) {
      if (absl::IsCancelled(prepared.status())) {
        job.started(Stopping());
      } else {
        job.started(prepared);
      }
      return End(job, prepared);
    }
    job.started(prepared);
  }
  Finish(job);
}

// Everything that may refuse the import as a whole; a dry run whole.
absl::StatusOr<v1::Import> ImportJobsImpl::Prepare(Job& job) {
  ASSIGN_OR_RETURN(job.input, job.upload->Finish());
  ASSIGN_OR_RETURN(const int64_t row_count, MakeRun(job).CountRows());
  if (job.input.header.dry_run()) {
    ASSIGN_OR_RETURN(v1::Import report, MakeRun(job).DryRun(row_count));
    return report;
  }
  ASSIGN_OR_RETURN(const bool is_new, ChooseId(job));
  ASSIGN_OR_RETURN(job.input.folder, job.upload->Keep(job.import_id));
  const absl::Status begun = is_new ? MakeRun(job).Begin(row_count) : absl::OkStatus();
  if (!begun.ok()) {
    // Without a known outcome the files stay: the next start finds out what the log says.
    if (base::ReasonOf(begun) != "OUTCOME_UNKNOWN") RemoveSpool(job.input.folder);
    return begun;
  }
  ASSIGN_OR_RETURN(ImportRecord record, ReadImport(log_, job.tenant, job.import_id));
  base::MutexLock lock(mu_);
  job.import = states::ToImport(record.state);
  return job.import;
}

// The id is a function of the input, so that the same input is not imported twice at once; the
// number of the run makes the next one another. False for one that runs by the log, but that no job
// works on, because not even its failure could be written: this job goes on with it.
absl::StatusOr<bool> ImportJobsImpl::ChooseId(Job& job) {
  base::MutexLock lock(mu_);
  for (int run = 0; run < kRunsMax; ++run) {
    const std::string id = base::FormatId(
        "import",
        base::DeriveUuid7(job.input.mapping.reference_at_us,
                          absl::StrCat(job.tenant.value, "/",
                                       absl::BytesToHexString(job.input.sha256), "/", run)));
    if (FindRunning(job.tenant, id) != nullptr) return Running(id);
    ASSIGN_OR_RETURN(const ImportRecord record, ReadImport(log_, job.tenant, id));
    const bool is_new = record.state.state == v1::Import::STATE_UNSPECIFIED;
    if (is_new || record.state.state == v1::Import::RUNNING) {
      job.import_id = id;
      return is_new;
    }
  }
  return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                     absl::StrCat("the same files were imported ", kRunsMax, " times (kRunsMax)"));
}

void ImportJobsImpl::Finish(Job& job) {
  ImportRun run = MakeRun(job);
  const absl::StatusOr<v1::Import> result = run.Finish();
  if (result.ok()) RemoveSpool(job.input.folder);
  End(job, result);
}

void ImportJobsImpl::End(Job& job, const absl::StatusOr<v1::Import>& result) {
  std::vector<ImportDone> waiting;
  {
    base::MutexLock lock(mu_);
    waiting.swap(job.ended);
    job.import_id.clear();  // From here on the log tells.
  }
  for (const ImportDone& done : waiting) {
    if (absl::IsCancelled(result.status())) {
      done(Stopping());
    } else {
      done(result);
    }
  }
  base::MutexLock lock(mu_);
  job.over = true;
}

Job* ImportJobsImpl::FindRunning(const TenantId& tenant, std::string_view import_id) const {
  for (const auto& job : jobs_) {
    if (job->tenant == tenant && job->import_id == import_id && !import_id.empty()) {
      return job.get();
    }
  }
  return nullptr;
}

void ImportJobsImpl::Cancel(const TenantId& tenant, std::string_view principal,
                            std::string_view import_id, ImportDone done) {
  {
    base::MutexLock lock(mu_);
    if (Job* job = FindRunning(tenant, import_id)) {
      job->ended.push_back(std::move(done));
      if (job->control.cancel) return;
      job->control.cancelled_by = std::string(principal);
      job->control.cancel = true;
      return;
    }
  }
  done(Get(tenant, import_id));
}

absl::StatusOr<v1::Import> ImportJobsImpl::Get(const TenantId& tenant,
                                               std::string_view import_id) const {
  if (!base::IsId("import", import_id)) return NotFound(import_id);
  {
    base::MutexLock lock(mu_);
    const Job* job = FindRunning(tenant, import_id);
    if (job != nullptr && job->import.state() == v1::Import::RUNNING) return job->import;
  }
  ASSIGN_OR_RETURN(ImportRecord record, ReadImport(log_, tenant, import_id));
  if (record.state.state == v1::Import::STATE_UNSPECIFIED) return NotFound(import_id);
  return states::ToImport(record.state);
}

absl::Status ImportJobsImpl::Resume() {
  std::set<std::string> resumed;
  for (SpoolFolder& spooled : ListSpool(options_.folder)) {
    ASSIGN_OR_RETURN(const ImportRecord record,
                     ReadImport(log_, spooled.tenant, spooled.import_id));
    absl::StatusOr<SpooledInput> input = LoadSpool(spooled.folder);
    if (record.state.state != v1::Import::RUNNING || !input.ok()) {
      RemoveSpool(spooled.folder);  // If it runs, FailLost says so.
      continue;
    }
    auto job = std::make_unique<Job>();
    job->tenant = spooled.tenant;
    job->principal = record.principal;
    job->input = *std::move(input);
    job->import_id = spooled.import_id;
    job->import = states::ToImport(record.state);
    resumed.insert(spooled.import_id);
    StartWorker(std::move(job));
  }
  if (runner_ != nullptr) {
    janitor_ = base::Worker("import-janitor", [this, resumed] { FailLost(resumed); });
  }
  return absl::OkStatus();
}

// An import that runs by the log, but whose files are gone, would run for ever: it is ended.
void ImportJobsImpl::FailLost(const std::set<std::string>& resumed) {
  projections::Freshness freshness{.views = projections::AsNames(projections::kImportReads),
                                   .passing = true};
  for (const TenantId& tenant : log_.Tenants()) {
    if (base::MutexLock lock(mu_); stopping_) return;
    std::vector<std::string> lost;
    const absl::Time now = absl::FromUnixMicros(base::SystemClock().NowMicros());
    {
      const auto views = runner_->Read(tenant, freshness, now + kLostReadTimeout);
      if (!views.ok()) continue;  // The next start looks again.
      projections::PageRequest page{.size = 1000};
      do {
        const auto imports = projections::ListImports(**views, page);
        if (!imports.ok()) break;
        for (const v1::Import& import : imports->items) {
          const bool runs = import.state() == v1::Import::RUNNING;
          if (runs && !resumed.contains(import.import_id())) lost.push_back(import.import_id());
        }
        page.after = imports->next;
      } while (!page.after.empty());
    }
    for (const std::string& id : lost) {
      ImportControl control;
      {
        base::MutexLock lock(mu_);
        if (stopping_ || FindRunning(tenant, id) != nullptr) continue;  // Started since.
      }
      control.stop = true;  // It does not wait for anything: the next start tries again.
      control.cancelled_by = "system:import";
      const SpooledInput nothing;
      ImportRunOptions options{.log = log_,
                               .sequencer = sequencers_.Of(tenant),
                               .clock = clock_,
                               .tenant = tenant,
                               .principal = control.cancelled_by,
                               .import_id = id,
                               .unique_key_secret = options_.unique_key_secret};
      ImportRun run(std::move(options), nothing, control, [](const v1::Import&) {});
      run.Fail(control.cancelled_by, "its uploaded files are gone; import them again")
          .IgnoreError();
    }
  }
}

void ImportJobsImpl::Stop() {
  std::vector<std::unique_ptr<Job>> jobs;
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    for (const auto& job : jobs_) job->control.stop = true;
  }
  janitor_.Join();
  for (;;) {  // Workers look into jobs_ until they are over: they are joined while listed.
    Job* running = nullptr;
    {
      base::MutexLock lock(mu_);
      jobs = TakeOver();
      if (!jobs_.empty()) running = jobs_.front().get();
    }
    jobs.clear();
    if (running == nullptr) return;
    running->worker.Join();
  }
}

}  // namespace

std::unique_ptr<ImportJobs> MakeImportJobs(eventstore::EventLog& log,
                                           commands::Sequencers& sequencers,
                                           projections::Runner* runner, const base::Clock& clock,
                                           ImportJobsOptions options) {
  return std::make_unique<ImportJobsImpl>(log, sequencers, runner, clock, std::move(options));
}

}  // namespace dealog::jobs
