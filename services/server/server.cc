#include "services/server/server.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "eventstore/backup/keys.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/cores.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/forks.h"
#include "eventstore/merkle/audit_trees.h"
#include "eventstore/merkle/follower.h"
#include "eventstore/merkle/rocksdb/audit_store.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "projections/runtime/runner.h"
#include "projections/views/registry.h"
#include "services/commands/submit.h"
#include "services/groups/groups.h"
#include "services/groups/rocksdb/work_store.h"
#include "services/jobs/import_job.h"
#include "services/jobs/retirement_job.h"
#include "services/jobs/scrub_job.h"
#include "services/rpc/core.h"
#include "services/rpc/limits.h"
#include "services/rpc/services.h"
#include "services/rpc/shared_board.h"
#include "services/server/data_dir.h"
#include "services/server/full_check.h"
#include "services/server/listener.h"
#include "services/server/metrics.h"
#include "services/server/version.h"
#include "services/telemetry/endpoint.h"
#include "services/telemetry/log.h"
#include "services/workflow/reactor.h"

namespace dealog::server {
namespace {

// How long a stopping server goes on refusing calls before it stops listening.
constexpr absl::Duration kLameDuck = absl::Milliseconds(200);
// Of a check's findings, so many are logged.
constexpr size_t kProblemsLoggedMax = 10;

using telemetry::Level;
using telemetry::Log;

void Warn(std::string_view what) { Log(Level::kWarning, what); }

// What went wrong in the background. Only the code: the message might quote a field's value.
void Complain(const absl::Status& status) {
  Log(Level::kError, "a background job met an error; it tries again",
      {{"code", absl::StatusCodeToString(status.code())}, {"reason", base::ReasonOf(status)}});
}

// What is wrong names rows by ids and hashes only.
void TellScrub(const jobs::ScrubResult& result) {
  const eventstore::LogVerifyReport& report = result.report;
  Log(report.ok() ? Level::kInfo : Level::kError, "the log was checked",
      {{"batches", static_cast<int64_t>(report.batches)},
       {"events", static_cast<int64_t>(report.events)},
       {"problems", static_cast<int64_t>(report.problem_count)}});
  if (report.ok()) return;
  const size_t named = std::min(report.problems.size(), kProblemsLoggedMax);
  for (size_t i = 0; i < named; ++i) Log(Level::kError, report.problems[i]);
  Log(Level::kError,
      "the log is damaged: keep a copy of the folder, look for errors of the disk, see all with "
      "`dealog log verify`, restore it from a backup");
}

// Members are made in this order and destroyed in the opposite one, so nothing outlives what it
// uses.
class ServerImpl final : public Server {
 public:
  explicit ServerImpl(Options options) : options_(std::move(options)) {}
  ~ServerImpl() override { Stop(); }

  absl::Status Open() {
    ASSIGN_OR_RETURN(const ListenAddress address, ParseListen(options_.listen, "--listen"));
    RETURN_IF_ERROR(CheckListen(address, "--listen"));
    if (!options_.admin_listen.empty()) {
      ASSIGN_OR_RETURN(const ListenAddress admin,
                       ParseListen(options_.admin_listen, "--admin-listen"));
      RETURN_IF_ERROR(CheckListen(admin, "--admin-listen"));
    }
    ASSIGN_OR_RETURN(dir_, DataDir::Open(options_.data_dir));
    RETURN_IF_ERROR(OpenStores());
    RETURN_IF_ERROR(StartParts());
    RETURN_IF_ERROR(Serve(address));
    return absl::OkStatus();
  }

  const std::string& address() const override { return listener_.address; }
  std::string admin_address() const override { return admin_ ? admin_->address() : ""; }
  commands::SequencerStats sequencer_stats() const override { return sequencers_->stats(); }

  void Stop() override {
    base::MutexLock lock(stop_mu_);
    if (stopped_) return;
    stopped_ = true;
    // A call that rebuilds waits for the store of the views: were that to fail for ever, the call
    // would never end, and nor would we.
    if (runner_ != nullptr) runner_->PrepareStop();
    StopServing();
    admin_.reset();
    // Whoever issues commands stops before what decides them.
    if (reactor_ != nullptr) reactor_->Stop();
    if (imports_ != nullptr) imports_->Stop();
    if (retirements_ != nullptr) retirements_->Stop();
    if (sequencers_ != nullptr) sequencers_->Drain();
    if (executors_ != nullptr) executors_->Stop();
    if (groups_ != nullptr) groups_->Stop();
    if (runner_ != nullptr) runner_->Stop();
    if (audit_follower_ != nullptr) audit_follower_->Stop();
    if (scrub_ != nullptr) scrub_->Stop();
  }

 private:
  absl::Status OpenStores() {
    eventstore::HeadWitnessOptions witness{
        .files = {dir_->witness_path()}, .every_batch = options_.witness_every_batch, .say = Warn};
    if (!options_.witness_dir.empty()) witness.files.push_back(options_.witness_dir + "/head");
    ASSIGN_OR_RETURN(log_, options_.open_log({.path = dir_->log_path(),
                                              .partition_count = options_.partitions,
                                              .witness = witness}));
    ASSIGN_OR_RETURN(forks_, eventstore::Forks::Find(*log_));
    ASSIGN_OR_RETURN(views_, options_.open_views(dir_->views_path(), {.log = Warn}));
    ASSIGN_OR_RETURN(audit_store_, eventstore::OpenAuditStore(dir_->audit_path(), {.log = Warn}));
    ASSIGN_OR_RETURN(work_store_, groups::OpenWorkStore(dir_->groups_path()));
    audit_trees_ =
        std::make_unique<eventstore::AuditTrees>(*log_, *audit_store_, dir_->audit_key());
    audit_follower_ =
        eventstore::StartAuditFollower(*log_, *audit_store_, {.on_error = Complain, .log = Warn});
    return absl::OkStatus();
  }

  absl::Status StartParts() {
    runner_ = projections::StartRunner(
        *log_, *views_,
        options_.views ? projections::AllViews() : std::vector<projections::ViewDefinition>{},
        {.memory_bytes_max = options_.views_memory_bytes,
         .loader_threads = base::CoreCount(),
         .log = Warn});
    commands::SequencerOptions sequencing{.unique_key_secret = dir_->unique_key()};
    sequencing.queue_wait_max = options_.queue_wait_max;
    sequencing.request_retention_us = absl::ToInt64Microseconds(options_.request_retention);
    sequencing.batch_commands_max = options_.batch_commands_max;
    sequencing.events_per_stream_max = options_.events_per_stream_max;
    sequencing.on_fatal = [this](const absl::Status& status) { OnFatal(status); };
    sequencers_ = std::make_unique<commands::Sequencers>(*log_, base::SystemClock(), sequencing);
    imports_ = jobs::MakeImportJobs(
        *log_, *sequencers_, runner_.get(), base::SystemClock(),
        {.unique_key_secret = dir_->unique_key(), .folder = dir_->imports_path()});
    RETURN_IF_ERROR(imports_->Resume());
    retirements_ = jobs::StartRetirementJobs(*log_, *sequencers_, *runner_, {.on_error = Complain});
    ASSIGN_OR_RETURN(groups_, groups::StartGroups(*log_, *work_store_, base::SystemClock(),
                                                  {.on_error = Complain}));
    StartScrub();
    checkpoint_ = workflow::MakeFileCheckpoint(dir_->workflows_path());
    reactor_ = workflow::MakeReactor(*log_, *sequencers_,
                                     {.checkpoint = checkpoint_.get(), .on_error = Complain});
    return absl::OkStatus();
  }

  void StartScrub() {
    full_check_ = MakeFullCheck(*log_, *log_, *runner_, *views_, *audit_store_);
    scrub_ = jobs::StartScrubJob(*full_check_, {.path = dir_->scrub_path(),
                                                .bytes_per_second = options_.scrub_bytes_per_second,
                                                .interval = options_.scrub_interval,
                                                .start_delay = options_.scrub_start_delay,
                                                .on_result = TellScrub,
                                                .on_error = [](const absl::Status& error) {
                                                  Log(Level::kError,
                                                      "the check of the log could not be finished",
                                                      {{"reason", std::string(error.message())}});
                                                }});
  }

  absl::Status Serve(const ListenAddress& address) {
    executors_ = std::make_unique<rpc::Executors>();
    boards_.reset(new rpc::SharedBoards({.log = *log_,
                                         .runner = *runner_,
                                         .clock = base::SystemClock(),
                                         .streams = executors_->streams,
                                         .reads = executors_->reads}));
    core_.reset(new rpc::Core{.log = *log_,
                              .sequencers = *sequencers_,
                              .runner = *runner_,
                              .imports = *imports_,
                              .scrub = *scrub_,
                              .groups = *groups_,
                              .audit_trees = *audit_trees_,
                              .audit_follower = *audit_follower_,
                              .clock = base::SystemClock(),
                              .executors = *executors_,
                              .streams = streams_,
                              .boards = *boards_,
                              .subscribers = subscribers_,
                              .metrics = metrics_,
                              .page_token_key = dir_->token_key(),
                              .draining = draining_,
                              .version = kVersion,
                              .started_at_us = base::SystemClock().NowMicros(),
                              .backup_dir = options_.backup_dir,
                              .unique_key_check = eventstore::KeyCheck(dir_->unique_key().bytes()),
                              .forks = forks_});
    services_ = rpc::MakeServices(*core_);
    ASSIGN_OR_RETURN(listener_, Listen(address, services_));
    RETURN_IF_ERROR(ServeAdmin());
    Log(Level::kInfo, "listening on loopback only: no credentials configured",
        {{"address", listener_.address}, {"data_dir", options_.data_dir}});
    return absl::OkStatus();
  }

  absl::Status ServeAdmin() {
    if (options_.admin_listen.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const ListenAddress address,
                     ParseListen(options_.admin_listen, "--admin-listen"));
    const MetricSources sources{.log = *log_,
                                .sequencers = *sequencers_,
                                .runner = *runner_,
                                .reactor = *reactor_,
                                .audit = *audit_follower_,
                                .scrub = *scrub_,
                                .streams = streams_,
                                .boards = *boards_,
                                .subscribers = subscribers_,
                                .groups = *groups_,
                                .calls = metrics_,
                                .version = kVersion};
    ASSIGN_OR_RETURN(admin_,
                     telemetry::ServeMetrics(address.host, address.port, [sources](auto& families) {
                       CollectMetrics(sources, families);
                     }));
    Log(Level::kInfo, "serving metrics", {{"address", admin_->address()}});
    return absl::OkStatus();
  }

  void StopServing() {
    if (listener_.server == nullptr) return;
    Log(Level::kInfo, "stopping", {{"streams", static_cast<int64_t>(streams_.size())}});
    draining_ = true;
    listener_.server->GetHealthCheckService()->SetServingStatus(false);
    streams_.StopAll();
    // Calls that are on their way still arrive here and are told UNAVAILABLE / NOT_READY. Once gRPC
    // shuts down it cancels those that it has not matched yet, and a caller who reads CANCELLED
    // can't tell whether his command was executed.
    absl::SleepFor(kLameDuck);
    listener_.server->Shutdown(absl::ToChronoTime(
        absl::FromUnixMicros(base::SystemClock().NowMicros()) + options_.drain_timeout));
    listener_.server->Wait();
    const telemetry::MethodCounters::Totals sum = metrics_.Sum();
    Log(Level::kInfo, "stopped",
        {{"calls", static_cast<int64_t>(sum.calls())},
         {"refusals", static_cast<int64_t>(sum.refusals())},
         {"failures", static_cast<int64_t>(sum.failures())}});
  }

  // Everything queued is still answered by the sequencer; nothing more can be written.
  void OnFatal(const absl::Status& status) {
    Log(Level::kError, "the log can't be written any more; the server must be restarted",
        {{"code", absl::StatusCodeToString(status.code())}});
    if (!failed_.exchange(true) && options_.on_fatal) options_.on_fatal();
  }

  const Options options_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> failed_{false};
  rpc::StreamSet streams_;
  rpc::SubscriberSet subscribers_;
  telemetry::CallMetrics metrics_;
  std::unique_ptr<DataDir> dir_;
  std::unique_ptr<eventstore::FolderLog> log_;
  eventstore::Forks forks_;
  std::unique_ptr<projections::ViewStore> views_;
  std::unique_ptr<eventstore::AuditStore> audit_store_;
  std::unique_ptr<eventstore::AuditTrees> audit_trees_;
  std::unique_ptr<eventstore::AuditFollower> audit_follower_;
  std::unique_ptr<projections::Runner> runner_;
  std::unique_ptr<eventstore::LogVerifier> full_check_;
  std::unique_ptr<jobs::ScrubJob> scrub_;
  std::unique_ptr<commands::Sequencers> sequencers_;
  std::unique_ptr<jobs::ImportJobs> imports_;
  std::unique_ptr<jobs::RetirementJobs> retirements_;
  std::unique_ptr<groups::WorkStore> work_store_;
  std::unique_ptr<groups::Groups> groups_;
  std::unique_ptr<workflow::ReactorCheckpoint> checkpoint_;
  std::unique_ptr<workflow::Reactor> reactor_;
  std::unique_ptr<rpc::SharedBoards> boards_;  // Tasks of the executors end before it does.
  std::unique_ptr<rpc::Executors> executors_;
  std::unique_ptr<rpc::Core> core_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  Listener listener_;
  std::unique_ptr<telemetry::MetricsEndpoint> admin_;
  base::Mutex stop_mu_;
  bool stopped_ ABSL_GUARDED_BY(stop_mu_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options) {
  auto server = std::make_unique<ServerImpl>(options);
  RETURN_IF_ERROR(server->Open());
  return server;
}

}  // namespace dealog::server
