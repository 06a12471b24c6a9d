// The contract suite on the RocksDB log, with a large ring and with none, and what only a log in a
// folder can do wrong: be opened twice, by another configuration, after damage, on a failing disk.

#include "eventstore/rocksdb/rocksdb_log.h"

#include "eventstore/base/check.h"
#include "eventstore/batch_codec.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/testing.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/faulty_file_system.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class RocksDbLogUnderTest : public LogUnderTest {
 public:
  RocksDbLogUnderTest(uint32_t partition_count, size_t ring_bytes)
      : options_{.path = folder_.path(),
                 .partition_count = partition_count,
                 .ring_bytes = ring_bytes,
                 .free_bytes_min = 2} {
    Reopen();
  }
  EventLog& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    auto opened = OpenRocksDbLogForTest(options_, {.file_system = file_system_});
    DEALOG_CHECK_OK(opened);
    log_ = *std::move(opened);
  }
  void SetWritesFailing(bool failing) override { file_system_->syncs_fail = failing; }
  void SetDiskLow(bool low) override { file_system_->disk_low = low; }

 private:
  LogFolder folder_;
  std::shared_ptr<FaultyFileSystem> file_system_ = std::make_shared<FaultyFileSystem>();
  RocksDbLogOptions options_;
  std::unique_ptr<EventLog> log_;
};

LogFactory Factory(std::string name, size_t ring_bytes) {
  return {.name = std::move(name),
          .make =
              [ring_bytes](uint32_t partition_count) {
                return std::make_unique<RocksDbLogUnderTest>(partition_count, ring_bytes);
              },
          .live_from_ring = ring_bytes > 0};
}

INSTANTIATE_TEST_SUITE_P(RocksDb, EventLogContract,
                         testing::Values(Factory("Ring", kRingBytesMax), Factory("SmallRing", 4000),
                                         Factory("NoRing", 0)),
                         LogName);

NewCommit OneEvent() { return MakeCommit("acme", {MakeEvent("deal/1")}); }

TEST(RocksDbLog, RefusesASecondOpenOfTheFolder) {
  LogFolder folder;
  auto log = OpenRocksDbLog({.path = folder.path()});
  ASSERT_TRUE(log.ok()) << log.status();
  const auto second = OpenRocksDbLog({.path = folder.path()});
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another process"));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(folder.path()));
}

TEST(RocksDbLog, RefusesAnotherPartitionCount) {
  LogFolder folder;
  ASSERT_TRUE(OpenRocksDbLog({.path = folder.path(), .partition_count = 3}).ok());
  const auto other = OpenRocksDbLog({.path = folder.path(), .partition_count = 4});
  EXPECT_EQ(other.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("has 3 partitions, asked for 4"));
  EXPECT_TRUE(OpenRocksDbLog({.path = folder.path(), .partition_count = 3}).ok());
}

TEST(RocksDbLog, RefusesAnotherDatabase) {
  LogFolder other;
  rocksdb::DB* db = nullptr;
  rocksdb::Options options;
  options.create_if_missing = true;
  ASSERT_TRUE(rocksdb::DB::Open(options, other.path(), &db).ok());
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  ASSERT_TRUE(db->CreateColumnFamily({}, "views", &handle).ok());
  ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
  const auto database = OpenRocksDbLog({.path = other.path()});
  EXPECT_EQ(database.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(database.status().message()), HasSubstr("unknown family views"));
}

TEST(RocksDbLog, CantBeMadeWhereThereIsNoParent) {
  EXPECT_FALSE(OpenRocksDbLog({.path = "/proc/no/such/place"}).ok());
}

TEST(RocksDbLog, SyncsOncePerAppend) {
  LogFolder folder;
  const auto file_system = std::make_shared<FaultyFileSystem>();
  auto log = OpenRocksDbLogForTest({.path = folder.path()}, {.file_system = file_system}).value();
  const int before = file_system->syncs;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(AppendAll(*log, {OneEvent(), OneEvent(), OneEvent()}).ok());
  }
  EXPECT_EQ(file_system->syncs - before, 5);
}

TEST(RocksDbLog, AFullDiskLeavesTheOutcomeUnknown) {
  LogFolder folder;
  const auto file_system = std::make_shared<FaultyFileSystem>();
  auto log = OpenRocksDbLogForTest({.path = folder.path()}, {.file_system = file_system}).value();
  ASSERT_TRUE(AppendOne(*log, OneEvent()).ok());
  file_system->appends_fail = true;
  EXPECT_THAT(AppendOne(*log, OneEvent()), FailsWith(StatusCode::kUnknown, "OUTCOME_UNKNOWN"));
  file_system->appends_fail = false;
  EXPECT_THAT(AppendOne(*log, OneEvent()), FailsWith(StatusCode::kUnavailable, "READ_ONLY"));
  log.reset();
  log = OpenRocksDbLogForTest({.path = folder.path()}, {.file_system = file_system}).value();
  EXPECT_EQ(log->Head(TenantId{"acme"})->position.value, 1u);
}

TEST(RocksDbLog, ADamagedCommitIsDataLossThatNamesIt) {
  LogFolder folder;
  {
    auto log = OpenRocksDbLog({.path = folder.path()}).value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendOne(*log, OneEvent()).ok());
  }
  EditLog(folder.path(), [](const LogDatabase& database) {
    const std::string key = CommitKey("acme", 2, 0);
    std::string value = database.Get(Family::kCommits, key)->value();
    value[value.size() / 2] ^= 1;
    ASSERT_TRUE(database.db().Put({}, database.family(Family::kCommits), key, value).ok());
  });
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  const TenantId acme{"acme"};
  const auto page = log->ReadTenant(acme, {});
  EXPECT_THAT(page, FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("tenant acme position 2"));
  EXPECT_THAT(log->ReadStream(acme, MakeStream("deal/1"), {}),
              FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_THAT(log->Subscribe(acme, Position{0}).value()->Poll(100000),
              FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_THAT(log->SubscribePartition(PartitionId{0}, BatchNumber{0}).value()->Poll(100000),
              FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_EQ(log->ReadTenant(acme, {.after = Position{2}})->events.size(), 1u) << "the rest reads";
}

TEST(RocksDbLog, AMisplacedCommitIsFound) {
  LogFolder folder;
  {
    auto log = OpenRocksDbLog({.path = folder.path()}).value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendOne(*log, OneEvent()).ok());
  }
  EditLog(folder.path(), [](const LogDatabase& database) {
    const std::string first = database.Get(Family::kCommits, CommitKey("acme", 1, 0))->value();
    ASSERT_TRUE(database.db()
                    .Put({}, database.family(Family::kCommits), CommitKey("acme", 2, 0), first)
                    .ok());
  });
  auto log = OpenRocksDbLog({.path = folder.path()}).value();
  EXPECT_THAT(log->ReadTenant(TenantId{"acme"}, {}),
              FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
}

// Each spoils the end of a log of five batches; opening it must refuse and say what is wrong.
struct Damage {
  std::string name;
  std::string message;
  std::function<void(const LogDatabase&)> spoil;
};

std::string BatchKey(uint64_t number) {
  return NumberedKey(PartitionPrefix(PartitionId{0}), number);
}

void EditBatch(const LogDatabase& database, uint64_t number,
               const std::function<void(storage::v1::BatchHeader&)>& edit) {
  storage::v1::BatchHeader header;
  ASSERT_TRUE(header.ParseFromString(database.Get(Family::kBatches, BatchKey(number))->value()));
  edit(header);
  ASSERT_TRUE(
      database.db()
          .Put({}, database.family(Family::kBatches), BatchKey(number), header.SerializeAsString())
          .ok());
}

TEST(RocksDbLog, OpeningChecksTheEndOfTheChain) {
  const std::vector<Damage> damages = {
      {"batch removed", "batch 3 of partition 0: it is missing",
       [](const LogDatabase& database) {
         ASSERT_TRUE(database.db().Delete({}, database.family(Family::kBatches), BatchKey(3)).ok());
       }},
      {"first removed", "batch 1 of partition 0: it is missing",
       [](const LogDatabase& database) {
         ASSERT_TRUE(database.db().Delete({}, database.family(Family::kBatches), BatchKey(1)).ok());
       }},
      {"time changed", "batch 2 of partition 0: the header does not have the digest",
       [](const LogDatabase& database) {
         EditBatch(database, 2, [](auto& header) { header.set_written_at_us(1); });
       }},
      {"re-digested", "batch 2 of partition 0: its digest is not the one that the next",
       [](const LogDatabase& database) {
         EditBatch(database, 2, [](auto& header) {
           header.set_written_at_us(1);
           header.set_digest(BatchDigestOf(header));
         });
       }},
      {"newest commit gone", "position 5: it is missing",
       [](const LogDatabase& database) {
         ASSERT_TRUE(database.db()
                         .Delete({}, database.family(Family::kCommits), CommitKey("acme", 5, 0))
                         .ok());
       }},
  };
  for (const Damage& damage : damages) {
    LogFolder folder;
    {
      auto log = OpenRocksDbLog({.path = folder.path()}).value();
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(AppendOne(*log, OneEvent()).ok());
    }
    EditLog(folder.path(), damage.spoil);
    const auto opened = OpenRocksDbLog({.path = folder.path()});
    EXPECT_THAT(opened, FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD")) << damage.name;
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr(damage.message)) << damage.name;
  }
}

TEST(RocksDbLog, TellsTheWitnessBeforeItPublishes) {
  LogFolder folder;
  std::unique_ptr<EventLog> log;
  std::vector<uint64_t> seen;
  log = OpenRocksDbLog({.path = folder.path(),
                        .on_synced =
                            [&](PartitionId partition, const PartitionHead& head) {
                              seen.push_back(head.number.value);
                              EXPECT_EQ(log->BatchHead(partition).number.value + 1,
                                        head.number.value);
                            }})
            .value();
  ASSERT_TRUE(AppendOne(*log, OneEvent()).ok());
  ASSERT_TRUE(AppendOne(*log, OneEvent()).ok());
  EXPECT_THAT(seen, testing::ElementsAre(1, 2));
}

}  // namespace
}  // namespace dealog::eventstore
