#include "tests/simulation/world.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/secret.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
#include "eventstore/memory/memory_log.h"
#include "projections/runtime/runner.h"
#include "projections/views/registry.h"
#include "services/commands/submit.h"
#include "services/workflow/reactor.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/scheduler.h"
#include "tests/simulation/store.h"
#include "tests/simulation/workload.h"
#include "tests/support/hooked_log.h"

namespace dealog::simulation {
namespace {

const base::Secret kSecret(std::string(base::Secret::kBytes, 's'));

constexpr int kClientsMax = 4;
constexpr int kCommandsPerClientMax = 14;
constexpr int kLivesMax = 4;
// One command in so many is sent twice.
constexpr uint32_t kRepeatOneIn = 4;
constexpr uint32_t kDiskLowOneIn = 8;
// What views may hold in three of four lives: about a quarter of what they hold at the end.
constexpr size_t kViewsBytes = 8 << 10;
constexpr std::chrono::minutes kPatience{10};  // Of virtual time.

absl::Status OutcomeUnknown() {
  return base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "the simulated process died");
}

absl::Time Now() { return absl::FromUnixMicros(base::SystemClock().NowMicros()); }

// What goes wrong with the writes of one life. The write at which it dies; 0 = never.
struct WriteFaults {
  uint64_t crash_before = 0;
  uint64_t crash_after = 0;
  bool disk_gets_low = false;
};

class World {
 public:
  World(Scheduler& scheduler, const WorldOptions& options)
      : scheduler_(scheduler),
        options_(options),
        workload_(scheduler.Random()),
        partitions_(1 + static_cast<uint32_t>(scheduler.Random() % 2)),
        disk_(std::make_shared<eventstore::MemoryDisk>(partitions_)) {
    store_.loses_rows = options.plant == Plant::kLostRow;
    store_.reads_stale_rows = options.plant == Plant::kStaleRows;
    for (const eventstore::TenantId& tenant : Workload::Tenants()) {
      for (Command& command : workload_.Setup(tenant)) setup_.push_back(std::move(command));
    }
  }

  absl::Status Run() {
    const uint64_t lives = 1 + scheduler_.Random() % kLivesMax;
    for (uint64_t life = 0; life < lives; ++life) {
      const bool last = life + 1 == lives;
      Start(last ? WriteFaults() : RandomFaults());
      RETURN_IF_ERROR(CheckAfterStart());
      RunClients(last);
      if (last) RETURN_IF_ERROR(CheckAtRest());
      Stop();
      RETURN_IF_ERROR(problem_);
    }
    return CheckViews();
  }
  void Fill(WorldReport& report) const {
    report.commands = commands_;
    report.acknowledged = acknowledged_.requests.size();
    report.crashes = crashes_;
    report.faults = faults_ + static_cast<uint64_t>(store_.failures);
    report.events = events_;
    report.evictions = evictions_;
  }

 private:
  WriteFaults RandomFaults() {
    WriteFaults faults;
    switch (scheduler_.Random() % 4) {
      case 0:
        break;  // A clean stop.
      case 1:
        faults.crash_before = 1 + scheduler_.Random() % 40;
        break;
      default:
        faults.crash_after = 1 + scheduler_.Random() % 40;
    }
    faults.disk_gets_low = scheduler_.Chance(3);
    return faults;
  }

  void Start(const WriteFaults& faults) {
    crashed_ = store_.dead = checkpoint_.dead = false;
    writes_ = 0;
    store_.fail_one_in = scheduler_.Chance(2) ? 5 : 0;
    log_ = std::make_unique<testing::HookedLog>(eventstore::MakeMemoryLog({.disk = disk_}));
    log_->before_append = [this, faults](testing::HookedLog::Commits) {
      return BeforeWrite(faults);
    };
    log_->after_append = [this, faults](testing::HookedLog::Commits commits) {
      return AfterWrite(faults, commits);
    };
    if (options_.plant == Plant::kEagerCheckpoint) {
      checkpoint_.planted = [this](eventstore::PartitionId partition) {
        const eventstore::PartitionHead head = log_->BatchHead(partition);
        return eventstore::FollowPoint{head.number, head.digest};
      };
    }
    sequencers_ = std::make_unique<commands::Sequencers>(
        *log_, base::SystemClock(), commands::SequencerOptions{.unique_key_secret = kSecret});
    runner_ = projections::StartRunner(*log_, store_, projections::AllViews(),
                                       {.flush_interval = absl::Milliseconds(2),
                                        .flush_rows_max = 10,
                                        .memory_bytes_max = scheduler_.Chance(4) ? 0 : kViewsBytes,
                                        .cold_events_max = 5});
    reactor_ = workflow::MakeReactor(*log_, *sequencers_, {.checkpoint = &checkpoint_});
  }

  absl::Status BeforeWrite(const WriteFaults& faults) {
    scheduler_.Yield();
    if (crashed_) return OutcomeUnknown();
    if (faults.disk_gets_low && scheduler_.Chance(kDiskLowOneIn)) {
      ++faults_;
      return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", "simulated");
    }
    if (++writes_ != faults.crash_before) return absl::OkStatus();
    Die();
    return OutcomeUnknown();
  }
  absl::Status AfterWrite(const WriteFaults& faults, testing::HookedLog::Commits commits) {
    for (const eventstore::NewCommit& commit : commits) {
      problem_.Update(watch_.See(*log_, commit.tenant));
      scheduler_.AddToTrace(commit.request.request_id);
    }
    scheduler_.Yield();
    if (writes_ == faults.crash_after) Die();
    return crashed_ ? OutcomeUnknown() : absl::OkStatus();
  }

  // From here on the process is dead: what it still does changes nothing and is not believed.
  void Die() {
    crashed_ = true;
    store_.dead = checkpoint_.dead = true;
  }

  void Stop() {
    reactor_->Stop();
    sequencers_->Drain();
    runner_->Stop();
    evictions_ += runner_->memory().evictions;
    if (crashed_) {
      ++crashes_;
      if (options_.plant == Plant::kForgottenWrite) ForgetNewest();
      store_.Crash(scheduler_);
      checkpoint_.Crash(scheduler_);
    }
    reactor_.reset();
    runner_.reset();
    sequencers_.reset();
    log_.reset();
  }

  void ForgetNewest() {
    const auto disk = std::make_shared<eventstore::MemoryDisk>(partitions_);
    for (uint32_t i = 0; i < partitions_; ++i) {
      auto batches = disk_->Batches(eventstore::PartitionId{i});
      if (!batches.empty()) batches.pop_back();
      for (auto& batch : batches) disk->Write(eventstore::PartitionId{i}, std::move(batch));
    }
    disk_ = disk;
  }

  void RunClients(bool patient) {
    // Again in every life, as clients do that do not know what came of it.
    for (const Command& command : setup_) {
      if (!Send(command) && patient) {
        problem_.Update(absl::InternalError(absl::StrCat("refused: ", command.text)));
      }
    }
    std::vector<base::Worker> clients;
    for (uint64_t i = 0; i < 1 + scheduler_.Random() % kClientsMax; ++i) {
      clients.emplace_back("client", [this] { BeClient(); });
    }
    base::Worker reader("reader", [this] { BeReader(); });
  }

  void BeClient() {
    const uint64_t count = scheduler_.Random() % kCommandsPerClientMax;
    for (uint64_t i = 0; i < count && !crashed_; ++i) {
      const Command command = workload_.Next();
      std::optional<base::Worker> twin;
      if (scheduler_.Chance(kRepeatOneIn)) {
        twin.emplace("twin", [this, &command] { Send(command); });
      }
      if (Send(command)) sent_.push_back(command);
      twin.reset();
      if (scheduler_.Chance(2)) scheduler_.Sleep(static_cast<int64_t>(scheduler_.Random() % 5000));
    }
  }

  // A read at the head shows everything that was acknowledged before it.
  void BeReader() {
    for (int i = 0; i < 5 && !crashed_; ++i) {
      const auto tenants = Workload::Tenants();
      const eventstore::TenantId& tenant = tenants[scheduler_.Random() % tenants.size()];
      const uint64_t known = known_positions_[tenant.value];
      const auto read = runner_->Read(tenant, {}, Now() + absl::Minutes(5));
      if (read.ok() && (*read)->position().value < known) {
        problem_.Update(absl::InternalError(
            absl::StrCat("a read of ", tenant.value, " shows position ", (*read)->position().value,
                         ", acknowledged was ", known)));
      }
    }
  }

  // True if the command was accepted. What is heard of a dead process is not believed.
  bool Send(const Command& command) {
    auto result = commands::Execute(*sequencers_, command.Context(), command.decide);
    if (crashed_) return false;
    ++commands_;
    if (!result.ok()) return false;
    const auto [known, fresh] =
        acknowledged_.requests.try_emplace({command.tenant.value, command.request_id}, *result);
    if (!fresh && (known->second.position != result->position ||
                   known->second.subject_revision != result->subject_revision)) {
      problem_.Update(absl::InternalError(
          absl::StrCat("request ", command.request_id, " was answered with position ",
                       known->second.position.value, " and then ", result->position.value)));
    }
    // A replay does not say how many events there were; the first answer does.
    known->second.event_count = std::max(known->second.event_count, result->event_count);
    uint64_t& position = known_positions_[command.tenant.value];
    position = std::max(position, result->position.value);
    return true;
  }

  absl::Status CheckAfterStart() {
    RETURN_IF_ERROR(CheckLog(*log_, acknowledged_));
    return CheckWorkflows(*log_, false);
  }

  // Everything has happened: what was sent before is answered as then, and changes nothing.
  absl::Status CheckAtRest() {
    if (!reactor_->WaitCaughtUp(kPatience)) return absl::InternalError("the reactor is stuck");
    const auto before = Heads();
    for (const Command& command : sent_) {
      if (!Send(command)) {
        return absl::InternalError(
            absl::StrCat("request ", command.request_id, " was accepted before: ", command.text));
      }
    }
    if (!reactor_->WaitCaughtUp(kPatience)) return absl::InternalError("the reactor is stuck");
    if (Heads() != before) return absl::InternalError("repeated requests changed the log");
    RETURN_IF_ERROR(CheckLog(*log_, acknowledged_));
    return CheckWorkflows(*log_, true);
  }
  std::vector<uint64_t> Heads() const {
    std::vector<uint64_t> heads;
    for (const eventstore::TenantId& tenant : Workload::Tenants()) {
      heads.push_back(log_->Head(tenant)->position.value);
    }
    return heads;
  }

  // What is stored after all that, caught up with by one more calm start, is what a plain fold of
  // the log gives.
  absl::Status CheckViews() {
    Start(WriteFaults());
    store_.fail_one_in = 0;
    for (const eventstore::TenantId& tenant : Workload::Tenants()) {
      RETURN_IF_ERROR(runner_->Read(tenant, {}, Now() + absl::Minutes(5)).status());
      ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_->Head(tenant));
      events_ += head.position.value;
    }
    Stop();
    ASSIGN_OR_RETURN(const ViewRows naive,
                     FoldNaively(*eventstore::MakeMemoryLog({.disk = disk_})));
    return CompareRows(naive, store_.Rows());
  }

  Scheduler& scheduler_;
  const WorldOptions options_;
  Workload workload_;
  const uint32_t partitions_;
  std::shared_ptr<eventstore::MemoryDisk> disk_;
  SimulatedStore store_;
  SimulatedCheckpoint checkpoint_;

  std::unique_ptr<testing::HookedLog> log_;
  std::unique_ptr<commands::Sequencers> sequencers_;
  std::unique_ptr<projections::Runner> runner_;
  std::unique_ptr<workflow::Reactor> reactor_;

  uint64_t writes_ = 0;  // Of this life.
  LogWatch watch_;
  std::vector<Command> setup_;
  bool crashed_ = false;
  Acknowledged acknowledged_;
  std::map<std::string, uint64_t> known_positions_;
  std::vector<Command> sent_;
  absl::Status problem_;
  uint64_t commands_ = 0;
  uint64_t crashes_ = 0;
  uint64_t faults_ = 0;
  uint64_t events_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace

WorldReport RunWorld(const WorldOptions& options) {
  WorldReport report;
  Scheduler scheduler(options.seed);
  scheduler.Run([&] {
    World world(scheduler, options);
    const absl::Status status = world.Run();
    world.Fill(report);
    if (!status.ok()) {
      std::snprintf(report.problem, sizeof(report.problem), "%s",
                    std::string(status.message()).c_str());
    }
  });
  report.steps = scheduler.steps();
  report.trace = scheduler.trace();
  return report;
}

}  // namespace dealog::simulation
