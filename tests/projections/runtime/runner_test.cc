// Method: catch-up, following, restarts, failures and statuses of small counting views are compared
// with what was appended.

#include "projections/runtime/runner.h"

#include "tests/projections/runtime/runner_fixture.h"

namespace dealog::projections {
namespace {

using ::testing::HasSubstr;

TEST_F(RunnerTest, CatchesUpAndThenFollows) {
  for (int i = 0; i < 50; ++i) Append("acme", "n" + std::to_string(i % 7), {"a", "b"});
  Start();
  EXPECT_EQ(Count("acme", "n0"), 16);
  Append("acme", "n0", {"c"});
  EXPECT_EQ(Count("acme", "n0"), 17);
  EXPECT_EQ(Count("acme", "n0", "fragile"), 17);
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

TEST_F(RunnerTest, FoldErrorStopsThatViewOfThatTenantOnly) {
  Start();
  Append("acme", "n", {"a"});
  Append("beta", "n", {"a"});
  Count("acme", "n");
  Count("beta", "n");
  Append("acme", "n", {"b", "poison", "c"});
  Append("beta", "n", {"b"});
  EXPECT_EQ(Count("acme", "n"), 4);
  EXPECT_EQ(Count("beta", "n", "fragile"), 2) << "another tenant's";
  {
    const auto read = Read("acme");
    ASSERT_TRUE(read.ok());
    const absl::Status failed = (*read)->Get<CountView>("fragile").status();
    EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(base::ReasonOf(failed), "VIEW_FAILED");
    EXPECT_THAT(std::string(failed.message()), HasSubstr("of tenant acme stopped: found poison"));
    EXPECT_THAT(std::string(failed.message()), HasSubstr("rebuild fragile --of acme"));
  }
  EXPECT_EQ(StatusOf("fragile").state, ProjectionStatus::State::kFailed);
  EXPECT_EQ(StatusOf("fragile").failed_tenants, 1u);
  EXPECT_EQ(StatusOf("fragile").error, "found poison");
  EXPECT_EQ(StatusOf("sturdy").state, ProjectionStatus::State::kLive);
  EXPECT_EQ(StatusOf("sturdy").failed_tenants, 0u);
  Append("acme", "n", {"d"});
  Append("beta", "n", {"d"});
  EXPECT_EQ(Count("acme", "n"), 5);
  EXPECT_EQ(Count("beta", "n", "fragile"), 3);
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

TEST_F(RunnerTest, UnparsablePayloadFailsTheViewsOfItsTenant) {
  Start();
  Append("acme", "n", {"a"});
  Append("beta", "n", {"a"});
  Count("beta", "n");
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
  Append("beta", "n", {"b"});
  EXPECT_EQ(Count("beta", "n"), 2);
  EXPECT_EQ(Count("beta", "n", "fragile"), 2);
}

TEST_F(RunnerTest, StatusesTellVersionNumberRowsAndLag) {
  Start({SturdyDefinition(4)});
  Append("acme", "n", {"a", "b"});
  Append("acme", "m", {"a"});
  Count("acme", "n");
  // A loader may have brought the tenant to the head before the follower came by.
  ProjectionStatus status = StatusOf("sturdy");
  for (int i = 0; i < 1'000 && status.number != BatchNumber{2}; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    status = StatusOf("sturdy");
  }
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
  ASSERT_TRUE(runner_->Rebuild("", {}).ok());
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
    if (store_->ReadApplied("sturdy", TenantId{"acme"})->position.value >= 10) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(store_->ReadApplied("sturdy", TenantId{"acme"})->position, Position{10});
  EXPECT_EQ(store_->ReadCheckpoint("sturdy", PartitionId{0})->number, BatchNumber{10});
}

}  // namespace
}  // namespace dealog::projections
