// Method: the memory log and the real view store in a temporary folder, with small views that
// count. Restarts, rebuilds and failures are compared with what was appended and, byte for byte,
// with what a store holds that was folded in one go.

#include "projections/runtime/runner.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "eventstore/memory/memory_log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/rocksdb/view_store.h"
#include "tests/projections/runtime/toy_views.h"

namespace dealog::projections {
namespace {

using eventstore::BatchNumber;
using eventstore::PartitionId;
using eventstore::Position;
using eventstore::TenantId;
using ::testing::HasSubstr;

absl::Time In(absl::Duration delay) {
  return absl::FromUnixMicros(base::SystemClock().NowMicros()) + delay;
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::temp_directory_path() /
            (std::string("dealog_runner_") + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    log_ = eventstore::MakeMemoryLog({});
  }
  ~RunnerTest() override {
    runner_.reset();
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  std::string Views() const { return (root_ / "views").string(); }

  void Start(std::vector<ViewDefinition> views = {SturdyDefinition(), FragileDefinition()},
             RunnerOptions options = {.flush_interval = absl::Milliseconds(5)}) {
    auto store = OpenViewStore(Views());
    DEALOG_CHECK_OK(store);
    store_ = *std::move(store);
    runner_ = StartRunner(*log_, *store_, std::move(views), options);
  }
  void Stop() {
    runner_.reset();
    store_.reset();
  }

  Position Append(const std::string& tenant, const std::string& stream,
                  const std::vector<std::string>& bodies) {
    const eventstore::NewCommit commit = NotesCommit(tenant, stream, bodies);
    const PartitionId partition = log_->PartitionOf(commit.tenant);
    auto outcomes = log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1});
    DEALOG_CHECK_OK(outcomes);
    DEALOG_CHECK_OK(outcomes->front());
    return outcomes->front()->last;
  }

  absl::StatusOr<TenantRead> Read(const std::string& tenant, Freshness freshness = {}) {
    return runner_->Read(TenantId{tenant}, freshness, In(absl::Seconds(20)));
  }

  // Count of a stream in a view, read at the head; -1 if the view has none.
  int Count(const std::string& tenant, const std::string& stream,
            std::string_view view = "sturdy") {
    const auto read = Read(tenant);
    DEALOG_CHECK_OK(read);
    const auto state = (*read)->Get<CountView>(view);
    DEALOG_CHECK_OK(state);
    const auto found = (*state)->counts().find(stream);
    return found == (*state)->counts().end() ? -1 : found->second;
  }

  // Waits until the view can be read.
  void AwaitReadable(const std::string& tenant, std::string_view view) {
    for (int i = 0; i < 2'000; ++i) {
      const auto read = Read(tenant);
      ASSERT_TRUE(read.ok()) << read.status();
      if ((*read)->Get<CountView>(view).ok()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    FAIL() << "view " << view << " never became readable";
  }

  ProjectionStatus StatusOf(std::string_view name) {
    for (const ProjectionStatus& status : runner_->Statuses()) {
      if (status.name == name) return status;
    }
    return {};
  }

  std::vector<std::pair<std::string, std::string>> Dump() {
    auto entries = DumpViewStore(Views());
    DEALOG_CHECK_OK(entries);
    return *std::move(entries);
  }

  std::filesystem::path root_;
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<ViewStore> store_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(RunnerTest, CatchesUpAndThenFollows) {
  for (int i = 0; i < 50; ++i) Append("acme", "n" + std::to_string(i % 7), {"a", "b"});
  Start();
  EXPECT_EQ(Count("acme", "n0"), 16);
  Append("acme", "n0", {"c"});
  EXPECT_EQ(Count("acme", "n0"), 17);
  EXPECT_EQ(Count("acme", "n0", "fragile"), 17);
}

TEST_F(RunnerTest, ReadSeesAllViewsAtTheHead) {
  Start();
  const Position head = Append("acme", "n", {"a", "b", "c"});
  const auto read = Read("acme");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->position(), head);
  EXPECT_EQ((*read)->recorded_at_us(), log_->Head(TenantId{"acme"})->recorded_at_us);
  for (const std::string_view view : {"sturdy", "fragile"}) {
    const CountView* state = *(*read)->Get<CountView>(view);
    EXPECT_EQ(state->last_position(), head.value);
    EXPECT_EQ(state->settled(), state->total());
  }
  EXPECT_EQ((*read)->Get<CountView>("nobody").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RunnerTest, UnknownTenantIsNotFound) {
  Start();
  for (const auto kind : {Freshness::Kind::kHead, Freshness::Kind::kAny}) {
    const auto read = Read("nobody", {.kind = kind});
    EXPECT_EQ(base::ReasonOf(read.status()), "TENANT_NOT_FOUND");
  }
}

TEST_F(RunnerTest, RestartGoesOnFromTheCheckpoint) {
  Append("acme", "n", {"a", "b"});
  Append("acme", "gone", {"a", "forget"});
  Start();
  EXPECT_EQ(Count("acme", "n"), 2);
  Stop();
  Append("acme", "n", {"c"});
  Start();
  EXPECT_EQ(Count("acme", "n"), 3);
  EXPECT_EQ(Count("acme", "gone"), -1);
  const auto read = Read("acme");
  EXPECT_EQ((*(*read)->Get<CountView>("sturdy"))->total(), 1u)
      << "folded what it had folded before";
}

TEST_F(RunnerTest, RestartReadsWithoutFoldingAnything) {
  Append("acme", "n", {"a", "b"});
  Start();
  EXPECT_EQ(Count("acme", "n"), 2);
  Stop();
  Start();
  auto read = Read("acme");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)->position(), Position{2});
  EXPECT_EQ((*read)->recorded_at_us(), log_->Head(TenantId{"acme"})->recorded_at_us);
  EXPECT_EQ((*(*read)->Get<CountView>("sturdy"))->counts().at("n"), 2);
  read->reset();  // A status locks the tenant too.
  EXPECT_EQ(StatusOf("sturdy").events_folded, 0u);
}

TEST_F(RunnerTest, DeletedViewsRebuildToTheSameBytes) {
  Start();
  for (int i = 0; i < 200; ++i) {  // Live, with many flushes between.
    Append(i % 3 == 0 ? "acme" : "beta", "n" + std::to_string(i % 11),
           {i % 5 == 0 ? "forget" : "a", "b"});
    if (i % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(8));
  }
  Count("acme", "n1");
  Count("beta", "n1");
  Stop();
  const auto live = Dump();
  EXPECT_GT(live.size(), 40u);
  std::filesystem::remove_all(Views());
  Start();
  Count("acme", "n1");
  Count("beta", "n1");
  Stop();
  EXPECT_EQ(Dump(), live);
}

TEST_F(RunnerTest, FoldErrorStopsThatViewOnly) {
  Start();
  Append("acme", "n", {"a"});
  Append("beta", "n", {"a"});
  Append("acme", "n", {"b", "poison", "c"});
  EXPECT_EQ(Count("acme", "n"), 4);
  for (const char* tenant : {"acme", "beta"}) {
    const auto read = Read(tenant);
    ASSERT_TRUE(read.ok());
    const absl::Status failed = (*read)->Get<CountView>("fragile").status();
    EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(base::ReasonOf(failed), "VIEW_FAILED");
    EXPECT_THAT(std::string(failed.message()), HasSubstr("found poison"));
  }
  EXPECT_EQ(StatusOf("fragile").state, ProjectionStatus::State::kFailed);
  EXPECT_EQ(StatusOf("fragile").error, "found poison");
  EXPECT_EQ(StatusOf("sturdy").state, ProjectionStatus::State::kLive);
  Append("acme", "n", {"d"});
  EXPECT_EQ(Count("acme", "n"), 5);
}

TEST_F(RunnerTest, FailedViewWritesNothingOfTheFailedBatch) {
  Start();
  Append("acme", "n", {"a"});
  Count("acme", "n");
  std::this_thread::sleep_for(std::chrono::milliseconds(30));  // Let a flush pass.
  Append("acme", "n", {"b", "poison"});
  Count("acme", "n");
  Stop();
  Start({SturdyDefinition(), {"fragile", 1, [] { return std::make_unique<CountView>(false); }}});
  // A fold that no longer fails goes on where the failing one stopped.
  AwaitReadable("acme", "fragile");
  EXPECT_EQ(Count("acme", "n", "fragile"), 3);
}

TEST_F(RunnerTest, UnparsablePayloadFailsAllViews) {
  Start();
  Append("acme", "n", {"a"});
  Count("acme", "n");
  eventstore::NewCommit broken = NotesCommit("acme", "n", {"b"});
  broken.events[0].payload = "\xff\xff\xff";
  const auto outcomes =
      log_->Append(PartitionId{0}, log_->BatchHead(PartitionId{0}).number, {&broken, 1});
  ASSERT_TRUE(outcomes.ok() && outcomes->front().ok());
  const auto read = Read("acme");
  ASSERT_TRUE(read.ok()) << read.status();
  const absl::Status failed = (*read)->Get<CountView>("sturdy").status();
  EXPECT_EQ(base::ReasonOf(failed), "VIEW_FAILED");
  EXPECT_THAT(std::string(failed.message()), HasSubstr("position 2 of tenant acme"));
}

TEST_F(RunnerTest, RebuildOneViewWhileTheOtherStaysLive) {
  for (int i = 0; i < 300; ++i) Append("acme", "n", {"a"});
  Start();
  EXPECT_EQ(Count("acme", "n", "fragile"), 300);
  ASSERT_TRUE(runner_->Rebuild("fragile").ok());
  EXPECT_EQ(Count("acme", "n", "sturdy"), 300);  // Readable at once.
  Append("acme", "n", {"b"});
  AwaitReadable("acme", "fragile");
  EXPECT_EQ(Count("acme", "n", "fragile"), 301);
  EXPECT_EQ(StatusOf("fragile").events_folded, 601u);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 301u);
}

TEST_F(RunnerTest, RebuildRepairsAFailedView) {
  bool poisonous = true;
  const ViewDefinition moody{"moody", 1, [&] { return std::make_unique<CountView>(poisonous); }};
  Start({SturdyDefinition(), moody});
  Append("acme", "n", {"a", "poison"});
  Count("acme", "n");
  ASSERT_EQ(StatusOf("moody").state, ProjectionStatus::State::kFailed);
  poisonous = false;
  ASSERT_TRUE(runner_->Rebuild("").ok());
  AwaitReadable("acme", "moody");
  EXPECT_EQ(Count("acme", "n", "moody"), 2);
  EXPECT_EQ(StatusOf("moody").error, "");
}

TEST_F(RunnerTest, RebuildOfAnUnknownViewIsRefused) {
  Start();
  const absl::Status status = runner_->Rebuild("bord");
  EXPECT_EQ(base::ReasonOf(status), "PROJECTION_NOT_FOUND");
  EXPECT_THAT(std::string(status.message()), HasSubstr("there are sturdy, fragile"));
}

TEST_F(RunnerTest, RebuildLeavesTheSameBytes) {
  for (int i = 0; i < 100; ++i) {
    Append("acme", "n" + std::to_string(i % 9), {i % 4 == 0 ? "forget" : "a"});
  }
  Start();
  Count("acme", "n1");
  Stop();
  const auto before = Dump();
  Start();
  ASSERT_TRUE(runner_->Rebuild("").ok());
  AwaitReadable("acme", "sturdy");
  AwaitReadable("acme", "fragile");
  Stop();
  EXPECT_EQ(Dump(), before);
}

TEST_F(RunnerTest, OtherVersionRebuilds) {
  Append("acme", "n", {"a"});
  Start();
  Count("acme", "n");
  Stop();
  Start({SturdyDefinition(2), FragileDefinition(1)});
  AwaitReadable("acme", "sturdy");
  EXPECT_EQ(Count("acme", "n"), 1);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 1u);
  EXPECT_EQ(StatusOf("fragile").events_folded, 0u);
  Stop();
  EXPECT_EQ(Dump().size(), 1u + 2u * 3u);  // Format; row, checkpoint and position per view.
}

TEST_F(RunnerTest, OtherHistoryRebuilds) {
  Append("acme", "old", {"a"});
  Append("acme", "old", {"b"});
  Start();
  Count("acme", "old");
  Stop();
  log_ = eventstore::MakeMemoryLog({});  // As after a restore.
  Append("acme", "new", {"a"});
  Append("acme", "new", {"b"});
  Append("acme", "new", {"c"});
  Start();
  EXPECT_EQ(Count("acme", "new"), 3);
  EXPECT_EQ(Count("acme", "old"), -1);
}

TEST_F(RunnerTest, CheckpointAheadOfTheLogRebuilds) {
  for (int i = 0; i < 5; ++i) Append("acme", "old", {"a"});
  Start();
  Count("acme", "old");
  Stop();
  log_ = eventstore::MakeMemoryLog({});
  Append("acme", "new", {"a"});
  Start();
  EXPECT_EQ(Count("acme", "new"), 1);
  EXPECT_EQ(Count("acme", "old"), -1);
}

TEST_F(RunnerTest, DamagedRowsRebuildByThemselves) {
  for (int i = 0; i < 20; ++i) Append("acme", "n" + std::to_string(i), {"a"});
  Start();
  Count("acme", "n0");
  Stop();
  {
    auto store = *OpenViewStore(Views());
    ViewWrite damage;
    damage.rows = {{"fragile", TenantId{"acme"}, "n3", "rubbish", false}};
    ASSERT_TRUE(store->Write(damage).ok());
  }
  Start();
  EXPECT_EQ(Count("acme", "n3", "sturdy"), 1);
  AwaitReadable("acme", "fragile");
  EXPECT_EQ(Count("acme", "n3", "fragile"), 1);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 0u);
}

TEST_F(RunnerTest, DeadlinePassesAsViewBehind) {
  Append("acme", "n", {"a"});
  Start();
  const int64_t before = base::MonotonicMicros();
  const auto read =
      runner_->Read(TenantId{"acme"}, {.kind = Freshness::Kind::kAtLeast, .position = Position{99}},
                    In(absl::Milliseconds(50)));
  EXPECT_EQ(read.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::ReasonOf(read.status()), "VIEW_BEHIND");
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("position 99"));
  EXPECT_GE(base::MonotonicMicros() - before, 45'000);
}

TEST_F(RunnerTest, WhenFreshCallsOnceAfterTheFold) {
  Append("acme", "n", {"a"});
  Start();
  std::atomic<int> calls{0};
  std::atomic<bool> ok{false};
  runner_->WhenFresh(TenantId{"acme"}, {.kind = Freshness::Kind::kAtLeast, .position = Position{3}},
                     In(absl::Seconds(20)), [&](const absl::Status& status) {
                       ok = status.ok();
                       ++calls;
                     });
  Append("acme", "n", {"b"});
  Count("acme", "n");
  EXPECT_EQ(calls, 0);
  Append("acme", "n", {"c"});
  Count("acme", "n");
  for (int i = 0; i < 1'000 && calls == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(ok);
}

TEST_F(RunnerTest, StopFailsThoseWhoWait) {
  Append("acme", "n", {"a"});
  Start();
  std::string reason;
  runner_->WhenFresh(TenantId{"acme"}, {.kind = Freshness::Kind::kAtLeast, .position = Position{3}},
                     absl::InfiniteFuture(),
                     [&](const absl::Status& status) { reason = base::ReasonOf(status); });
  runner_->Stop();
  EXPECT_EQ(reason, "NOT_READY");
  runner_->Stop();  // Idempotent.
  EXPECT_EQ(base::ReasonOf(runner_->Rebuild("sturdy")), "NOT_READY");
}

TEST_F(RunnerTest, WatchersAreToldUntilUnwatch) {
  Append("acme", "n", {"a"});
  Start();
  std::atomic<int> acme{0};
  std::atomic<int> beta{0};
  Count("acme", "n");
  const uint64_t id = runner_->Watch(TenantId{"acme"}, [&] { ++acme; });
  const uint64_t other = runner_->Watch(TenantId{"beta"}, [&] { ++beta; });
  for (int i = 0; i < 3; ++i) {
    const int before = acme;
    Append("acme", "n", {"b"});
    for (int waited = 0; waited < 2'000 && acme == before; ++waited) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_GT(acme, before);
  }
  runner_->Unwatch(id);
  const int told = acme;
  for (int i = 0; i < 5; ++i) Append("acme", "n", {"c"});
  Count("acme", "n");
  runner_->Stop();  // Whatever was still to be told has been.
  EXPECT_EQ(acme, told);
  EXPECT_EQ(beta, 0);
  runner_->Unwatch(other);
}

TEST_F(RunnerTest, UnwatchFromWithinTheCallDoesNotWaitForItself) {
  Append("acme", "n", {"a"});
  Start();
  Count("acme", "n");
  std::atomic<uint64_t> id{0};
  std::atomic<int> calls{0};
  id = runner_->Watch(TenantId{"acme"}, [&] {
    if (id == 0) return;
    runner_->Unwatch(id);
    ++calls;
  });
  for (int i = 0; i < 2'000 && calls == 0; ++i) {
    Append("acme", "n", {"b"});
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  Append("acme", "n", {"c"});
  Count("acme", "n");
  runner_->Stop();
  EXPECT_EQ(calls, 1);
}

TEST_F(RunnerTest, StatusesTellVersionNumberRowsAndLag) {
  Start({SturdyDefinition(4)});
  Append("acme", "n", {"a", "b"});
  Append("acme", "m", {"a"});
  Count("acme", "n");
  const ProjectionStatus status = StatusOf("sturdy");
  EXPECT_EQ(status.version, 4);
  EXPECT_EQ(status.number, BatchNumber{2});
  EXPECT_EQ(status.events_folded, 3u);
  EXPECT_EQ(status.lag_events, 0u);
  EXPECT_EQ(status.lag_seconds, 0);
  EXPECT_EQ(status.row_count, 2u);
  EXPECT_EQ(status.state, ProjectionStatus::State::kLive);
}

TEST_F(RunnerTest, FailedViewLags) {
  Start();
  Append("acme", "n", {"poison"});
  Append("acme", "n", {"a", "b"});
  Count("acme", "n");
  EXPECT_EQ(StatusOf("fragile").lag_events, 3u);
  EXPECT_GT(StatusOf("fragile").lag_seconds, 0);
}

TEST_F(RunnerTest, SeveralPartitions) {
  log_ = eventstore::MakeMemoryLog({.partition_count = 3});
  std::vector<std::string> tenants;
  for (int i = 0; i < 12; ++i) tenants.push_back("tenant" + std::to_string(i));
  for (const std::string& tenant : tenants) Append(tenant, "n", {"a"});
  Start();
  for (const std::string& tenant : tenants) EXPECT_EQ(Count(tenant, "n"), 1);
  ASSERT_TRUE(runner_->Rebuild("").ok());
  for (const std::string& tenant : tenants) {
    AwaitReadable(tenant, "sturdy");
    EXPECT_EQ(Count(tenant, "n"), 1);
  }
  for (const std::string& tenant : tenants) Append(tenant, "n", {"b"});
  Stop();
  Start();
  for (const std::string& tenant : tenants) EXPECT_EQ(Count(tenant, "n"), 2);
}

TEST_F(RunnerTest, FlushesByRowsBeforeTheInterval) {
  Start({SturdyDefinition()}, {.flush_interval = absl::Hours(1), .flush_rows_max = 10});
  for (int i = 0; i < 10; ++i) Append("acme", "n", {"a"});
  Count("acme", "n");
  for (int i = 0; i < 2'000; ++i) {
    if (store_->ReadApplied("sturdy", TenantId{"acme"})->value >= 10) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(*store_->ReadApplied("sturdy", TenantId{"acme"}), Position{10});
  EXPECT_EQ(store_->ReadCheckpoint("sturdy", PartitionId{0})->number, BatchNumber{10});
}

TEST_F(RunnerTest, ReadersAlwaysSeeWholeCommits) {
  Append("acme", "n", {"a", "b", "c"});
  Start();
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  {
    std::vector<base::Worker> readers;
    for (int r = 0; r < 3; ++r) {
      readers.emplace_back("reader", [&, r] {
        while (!stop) {
          const auto read =
              Read("acme", {.kind = r == 0 ? Freshness::Kind::kHead : Freshness::Kind::kAny});
          ASSERT_TRUE(read.ok()) << read.status();
          const int sturdy = (*(*read)->Get<CountView>("sturdy"))->counts().at("n");
          const int fragile = (*(*read)->Get<CountView>("fragile"))->counts().at("n");
          EXPECT_EQ(sturdy, fragile);
          EXPECT_EQ(sturdy % 3, 0);
          EXPECT_EQ(static_cast<uint64_t>(sturdy), (*read)->position().value);
          ++reads;
        }
      });
    }
    for (int i = 0; i < 400; ++i) Append("acme", "n", {"a", "b", "c"});
    while (reads < 100) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop = true;
  }
  EXPECT_EQ(Count("acme", "n"), 1203);
}

TEST_F(RunnerTest, RebuildsWhileWritersAndReadersGoOn) {
  Append("acme", "n", {"a"});
  Start();
  std::atomic<bool> stop{false};
  {
    const base::Worker reader("reader", [&] {
      while (!stop) {
        const auto read = Read("acme");
        ASSERT_TRUE(read.ok()) << read.status();
        const auto state = (*read)->Get<CountView>("sturdy");
        if (!state.ok()) {
          EXPECT_EQ(base::ReasonOf(state.status()), "VIEW_BEHIND");
          continue;
        }
        EXPECT_EQ(static_cast<uint64_t>((*state)->counts().at("n")), (*read)->position().value);
      }
    });
    for (int i = 0; i < 200; ++i) {
      Append("acme", "n", {"a", "b"});
      if (i % 50 == 10) {
        EXPECT_TRUE(runner_->Rebuild("sturdy").ok());
      }
    }
    stop = true;
  }
  AwaitReadable("acme", "sturdy");
  EXPECT_EQ(Count("acme", "n"), 401);
  Stop();
  const auto live = Dump();
  std::filesystem::remove_all(Views());
  Start();
  EXPECT_EQ(Count("acme", "n"), 401);
  Stop();
  EXPECT_EQ(Dump(), live);
}

}  // namespace
}  // namespace dealog::projections
