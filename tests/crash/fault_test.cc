// What a failing disk does to the log: nothing that was acknowledged is lost silently, whatever the
// disk does. Chosen faults one by one, then random ones (fault_campaigns.h; more of them by
// tests/crash/run.sh --faults N).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "eventstore/rocksdb/testing.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/crash/fault_campaigns.h"
#include "tests/crash/fault_file_system.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

using absl::StatusCode;

const TenantId kAcme{"acme"};

NewCommit OneEvent() { return MakeCommit("acme", {MakeEvent("deal/1")}); }

class FaultTest : public testing::Test {
 protected:
  FaultTest() { Open(); }
  void Open() {
    log_.reset();
    disk_ = std::make_shared<FaultFileSystem>(
        [this](FileOperation operation, std::string_view file, bool) {
          if (operation == FileOperation::kCreate && file.ends_with(".sst")) ++tables_made_;
        });
    auto opened = OpenRocksDbLogForTest({.path = folder_.path()}, {.file_system = disk_});
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
  }
  // Leaves tables of which opening has read only the end.
  void FillTables() {
    std::mt19937 random(1);
    for (int i = 0; i < 20; ++i) {
      std::string payload(20'000, '\0');
      for (char& byte : payload) byte = static_cast<char>(random());
      const auto commit = MakeCommit("acme", {MakeEvent("deal/1", "DealOpened", payload)});
      ASSERT_TRUE(AppendOne(*log_, commit).ok());
    }
    Open();
  }
  uint64_t Head() const { return log_->Head(kAcme)->position.value; }

  LogFolder folder_;
  std::atomic<int> tables_made_ = 0;
  std::shared_ptr<FaultFileSystem> disk_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(FaultTest, AfterAFailedSyncNothingIsAcceptedUntilReopened) {
  ASSERT_TRUE(AppendOne(*log_, OneEvent()).ok());
  disk_->Inject({.operation = FileOperation::kSync, .file = ".log", .times = 1});
  EXPECT_THAT(AppendOne(*log_, OneEvent()), FailsWith(StatusCode::kUnknown, "OUTCOME_UNKNOWN"));
  EXPECT_EQ(Head(), 1u) << "what is not known to be durable is not shown";
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(AppendOne(*log_, OneEvent()), FailsWith(StatusCode::kUnavailable, "READ_ONLY"))
        << "the disk is well again, and it makes no difference";
  }
  disk_->Crash();
  Open();
  EXPECT_EQ(Head(), 1u);
  EXPECT_TRUE(AppendOne(*log_, OneEvent()).ok());
  EXPECT_EQ(Head(), 2u);
}

TEST_F(FaultTest, AFullDiskIsAFailedWriteToo) {
  ASSERT_TRUE(AppendOne(*log_, OneEvent()).ok());
  disk_->Inject(
      {.operation = FileOperation::kAppend, .file = ".log", .times = 1, .error = DiskFull()});
  EXPECT_THAT(AppendOne(*log_, OneEvent()), FailsWith(StatusCode::kUnknown, "OUTCOME_UNKNOWN"));
  EXPECT_THAT(AppendOne(*log_, OneEvent()), FailsWith(StatusCode::kUnavailable, "READ_ONLY"));
  Open();
  EXPECT_EQ(Head(), 1u);
  EXPECT_TRUE(AppendOne(*log_, OneEvent()).ok());
}

// RocksDB resumes by itself after a full disk and writes its memtables out one by one. The write
// that failed may be in the write-ahead log: the next open would give it to some families only.
TEST_F(FaultTest, NothingIsWrittenByItselfAfterAFullDisk) {
  ASSERT_TRUE(AppendOne(*log_, OneEvent()).ok());
  disk_->Inject(
      {.operation = FileOperation::kSync, .file = ".log", .times = 1, .error = DiskFull()});
  EXPECT_FALSE(AppendOne(*log_, OneEvent()).ok());
  const int before = tables_made_;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(tables_made_, before);
}

TEST_F(FaultTest, AWriteThatReachedTheDiskInPartIsThereWholeOrNotAtAll) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const uint64_t before = Head();
    disk_->WriteBackEarly(seed);
    disk_->Inject({.operation = FileOperation::kSync, .file = ".log"});
    EXPECT_FALSE(
        AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2")})).ok());
    disk_->Crash();
    Open();
    EXPECT_TRUE(Head() == before || Head() == before + 2) << Head();
    ASSERT_TRUE(AppendOne(*log_, OneEvent()).ok());
  }
}

TEST_F(FaultTest, ALyingDiskShowsInTheHead) {
  ASSERT_TRUE(AppendOne(*log_, OneEvent()).ok());
  disk_->LieAboutSyncs(".log");
  ASSERT_TRUE(AppendOne(*log_, OneEvent()).ok()) << "it can't know";
  const PartitionHead told = log_->BatchHead(PartitionId{0});
  disk_->Crash();
  Open();
  EXPECT_EQ(log_->BatchHead(PartitionId{0}).number.value, told.number.value - 1);
  EXPECT_FALSE(log_->BatchDigest(PartitionId{0}, told.number).ok());
}

TEST_F(FaultTest, AReadThatFailsSaysSo) {
  FillTables();
  disk_->Inject({.operation = FileOperation::kRead, .file = ".sst"});
  EXPECT_THAT(log_->ReadTenant(kAcme, {}), FailsWith(StatusCode::kInternal, "INTERNAL"));
  disk_->Heal();
  EXPECT_EQ(log_->ReadTenant(kAcme, {})->events.size(), 20u);
}

TEST_F(FaultTest, AFlippedBitIsDataLoss) {
  FillTables();
  disk_->FlipReads(".sst", 1, 7);
  EXPECT_THAT(log_->ReadTenant(kAcme, {}), FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_GT(disk_->flips(), 0);
}

TEST(FaultCampaigns, NothingAcknowledgedIsLostToFailingOperations) {
  const FaultReport report = FailAndCheck(60, 1);
  EXPECT_THAT(report.problems, testing::IsEmpty());
  EXPECT_GT(report.failures, 10);
  EXPECT_GT(report.acknowledged, 200u);
}

TEST(FaultCampaigns, EveryLieOlderThanTheWitnessIsRefused) {
  const FaultReport report = LieAndCheck(20, 1);
  EXPECT_THAT(report.problems, testing::IsEmpty());
  EXPECT_GT(report.told_by_head_only, 5);
  EXPECT_LT(report.told_by_head_only, 20) << "an honest sync after the lies keeps all";
  EXPECT_GT(report.told_by_witness, 3);
  EXPECT_LT(report.told_by_witness, report.told_by_head_only)
      << "what is younger than the witness it can't tell";
}

TEST(FaultCampaigns, NoFlippedBitIsReadAsTruth) {
  const FaultReport report = FlipAndCheck(30, 1);
  EXPECT_THAT(report.problems, testing::IsEmpty());
  EXPECT_GT(report.flips, 30);
  EXPECT_GT(report.refused, 10);
}

}  // namespace
}  // namespace dealog::eventstore
