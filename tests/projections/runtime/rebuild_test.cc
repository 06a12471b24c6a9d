// Method: whatever makes a view start anew (by hand, another version or history, damage, a deleted
// folder), its answers and, byte for byte, its rows are those of a fold in one go.

#include "projections/runtime/runner.h"

#include <atomic>

#include "eventstore/base/worker.h"
#include "tests/projections/runtime/runner_fixture.h"

namespace dealog::projections {
namespace {

using ::testing::HasSubstr;

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

TEST_F(RunnerTest, RebuildOneViewWhileTheOtherStaysLive) {
  for (int i = 0; i < 300; ++i) Append("acme", "n", {"a"});
  Start();
  EXPECT_EQ(Count("acme", "n", "fragile"), 300);
  ASSERT_TRUE(runner_->Rebuild("fragile", {}).ok());
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
  ASSERT_TRUE(runner_->Rebuild("", {}).ok());
  AwaitReadable("acme", "moody");
  EXPECT_EQ(Count("acme", "n", "moody"), 2);
  EXPECT_EQ(StatusOf("moody").error, "");
}

TEST_F(RunnerTest, RebuildOfAnUnknownViewIsRefused) {
  Start();
  const absl::Status status = runner_->Rebuild("bord", {});
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
  ASSERT_TRUE(runner_->Rebuild("", {}).ok());
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
        ASSERT_TRUE(state.ok()) << state.status();
        EXPECT_EQ(static_cast<uint64_t>((*state)->counts().at("n")), (*read)->position().value);
      }
    });
    for (int i = 0; i < 200; ++i) {
      Append("acme", "n", {"a", "b"});
      if (i % 50 == 10) {
        EXPECT_TRUE(runner_->Rebuild("sturdy", {}).ok());
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
