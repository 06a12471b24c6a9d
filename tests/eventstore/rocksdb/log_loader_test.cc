// Method: batches of a log in memory loaded into folders: whole, killed in between, into folders of
// others; what comes out is verified row by row and served.

#include "eventstore/rocksdb/log_loader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "eventstore/base/error.h"
#include "eventstore/memory/memory_log.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "eventstore/rocksdb/witness_file.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

using ::testing::HasSubstr;

constexpr PartitionId kPartition{0};

class LogLoaderTest : public ::testing::Test {
 protected:
  LogLoaderTest() {
    for (int i = 0; i < 9; ++i) {
      DEALOG_CHECK_OK(AppendOne(*source_, MakeCommit("acme", {MakeEvent("deal/1")})));
    }
  }
  std::unique_ptr<LogLoader> Open() {
    auto loader = LogLoader::Open(folder_.path(), 1);
    DEALOG_CHECK_OK(loader);
    return *std::move(loader);
  }
  std::string witness() const { return folder_.path() + ".witness"; }

  // The batches from behind the loader's head to `last`.
  void Load(LogLoader& loader, uint64_t last) {
    const auto batches = source_->SubscribePartition(kPartition, loader.Head(kPartition).number);
    DEALOG_CHECK_OK(batches);
    const auto page = (*batches)->Poll(1 << 20);
    DEALOG_CHECK_OK(page);
    for (const BatchPtr& batch : page->items) {
      if (batch->number.value > last) return;
      const auto header = source_->ReadBatchHeader(kPartition, batch->number);
      DEALOG_CHECK_OK(header);
      ASSERT_TRUE(loader.Add(*header, batch->commits).ok());
    }
  }

  std::unique_ptr<EventLog> source_ =
      MakeMemoryLog({.partition_count = 1, .disk = nullptr, .clock = nullptr});
  LogFolder folder_;
};

TEST_F(LogLoaderTest, MakesALogAndWitnessesItsHead) {
  const auto loader = Open();
  Load(*loader, 9);
  const absl::Status finished = loader->Finish(witness());
  ASSERT_TRUE(finished.ok()) << finished;
  const auto report = VerifyRocksDbLog(folder_.path(), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok()) << report->problems.front();
  EXPECT_EQ(report->events, 9);
  const auto seen = WitnessFile::Open(witness());
  ASSERT_TRUE(seen.ok() && (*seen)->found().has_value());
  EXPECT_EQ((*seen)->found()->at(0).digest, source_->BatchHead(kPartition).digest);
  // Whoever opens it finds the witness in order.
  HeadWitnessOptions kept;
  kept.files = {witness()};
  const auto log = OpenRocksDbLog(
      {.path = folder_.path(), .partition_count = 1, .free_bytes_min = 0, .witness = kept});
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ((*log)->Head(TenantId{"acme"})->position, Position{9});
}

TEST_F(LogLoaderTest, GoesOnBehindWhatAKilledOneLeft) {
  {
    const auto loader = Open();
    Load(*loader, 4);
    ASSERT_TRUE(loader->Finish(witness()).ok());
  }
  Load(*Open(), 7);  // Without Finish: what was handed over and not written is gone.
  const auto loader = Open();
  EXPECT_EQ(loader->Head(kPartition).number, BatchNumber{4});
  Load(*loader, 9);
  ASSERT_TRUE(loader->Finish(witness()).ok());
  EXPECT_EQ(VerifyRocksDbLog(folder_.path(), {})->events, 9);
}

TEST_F(LogLoaderTest, RefusesAFolderOfAnotherNumberOfPartitions) {
  ASSERT_TRUE(Open()->Finish(witness()).ok());
  const auto other = LogLoader::Open(folder_.path(), 2);
  EXPECT_EQ(base::ReasonOf(other.status()), "NOT_READY");
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("has 1 partitions"));
}

TEST_F(LogLoaderTest, RefusesAFolderThatIsInUse) {
  const auto first = Open();
  const auto second = LogLoader::Open(folder_.path(), 1);
  EXPECT_EQ(base::ReasonOf(second.status()), "NOT_READY");
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
}

TEST_F(LogLoaderTest, TellsHowManyPartitionsAFolderHas) {
  EXPECT_EQ(PartitionCountOf(folder_.path()).value(), 0);
  ASSERT_TRUE(LogLoader::Open(folder_.path(), 3).value()->Finish(witness()).ok());
  EXPECT_EQ(PartitionCountOf(folder_.path()).value(), 3);
}

}  // namespace
}  // namespace dealog::eventstore
