// Method: what the log says of itself after appends and reads of a known size; what it says of its
// strain while flushes are held up and while the disk looks full, and that this ends by itself.

#include "eventstore/log_stats.h"

#include <gmock/gmock.h>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/testing.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/faulty_file_system.h"
#include "tests/eventstore/rocksdb/log_folder.h"
#include "tests/support/event_log_commits.h"
#include "tests/support/hooked_log.h"

namespace dealog::eventstore {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

const TenantId kAcme{"acme"};

NewCommit CommitOf(size_t payload_bytes) {
  NewEvent event = MakeEvent("deal/1");
  event.payload = std::string(payload_bytes, 'x');
  return MakeCommit("acme", {std::move(event)});
}

// Makes every new table wait before a gate, so that flushes don't end.
class SlowTables : public FaultyFileSystem {
 public:
  testing::Gate gate;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (name.ends_with(".sst")) gate.Pass();
    return FaultyFileSystem::NewWritableFile(name, options, file, debug);
  }
};

// Asks until it is as `ok` says, or for ten seconds; an answer may be as old as kStrainCheckMicros.
absl::Status AwaitStrain(const EventLog& log, bool ok) {
  const int64_t end = base::MonotonicMicros() + 10'000'000;
  absl::Status strain = log.Strain();
  while (strain.ok() != ok && base::MonotonicMicros() < end) strain = log.Strain();
  return strain;
}

TEST(LogStats, CountWhatWasAppended) {
  LogFolder folder;
  const auto log = OpenRocksDbLog({.path = folder.path()}).value();
  EXPECT_EQ(log->stats().batches, 0u);
  ASSERT_TRUE(AppendAll(*log, {CommitOf(10), CommitOf(10), CommitOf(10)}).ok());
  ASSERT_TRUE(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2")})).ok());
  const LogStats stats = log->stats();
  EXPECT_EQ(stats.batches, 2u);
  EXPECT_EQ(stats.commits, 4u);
  EXPECT_EQ(stats.events, 5u);
  EXPECT_EQ(stats.bytes, stats.ring_bytes) << "everything is still in memory";
  EXPECT_EQ(stats.batch_commits.sum, 4u);
  EXPECT_EQ(stats.batch_commits.counts[0], 1u) << "one batch of one commit";
  EXPECT_EQ(stats.sync_us.count(), 2u);
  EXPECT_GT(stats.sync_us.sum, 0u);
  EXPECT_FALSE(stats.failed);
  EXPECT_GT(stats.disk_free_bytes.value(), 0u);
  EXPECT_EQ(stats.disk_free_bytes_min, kFreeBytesMin);
}

TEST(LogStats, RefusedCommitsDoNotCount) {
  LogFolder folder;
  const auto log = OpenRocksDbLog({.path = folder.path()}).value();
  NewCommit refused = CommitOf(10);
  refused.conditions = {{MakeStream("deal/1"), StreamCondition::Kind::kMustExist, {}}};
  ASSERT_TRUE(AppendAll(*log, {refused}).ok());
  EXPECT_EQ(log->stats().commits, 0u);
  EXPECT_EQ(log->stats().batches, 0u);
}

TEST(LogStats, CountLooksThatMissTheRing) {
  LogFolder folder;
  const auto log = OpenRocksDbLog({.path = folder.path(), .ring_bytes = 0}).value();
  ASSERT_TRUE(AppendOne(*log, CommitOf(10)).ok());
  const auto subscription = log->Subscribe(kAcme, Position{0}).value();
  ASSERT_EQ(subscription->Poll(1 << 20)->items.size(), 1u);
  EXPECT_EQ(log->stats().ring_misses, 1u);
  ASSERT_TRUE(subscription->Poll(1 << 20)->items.empty());
  EXPECT_EQ(log->stats().ring_misses, 1u) << "nothing was missed: there is nothing";
}

TEST(LogStats, TellOfTheEngine) {
  LogFolder folder;
  {
    const auto log = OpenRocksDbLog({.path = folder.path()}).value();
    ASSERT_TRUE(AppendOne(*log, CommitOf(100'000)).ok());
    const EngineStats engine = log->stats().engine.value();
    EXPECT_EQ(engine.families.size(), kFamilyCount);
    EXPECT_GT(engine.bytes_put, 100'000u);
    EXPECT_GT(engine.wal_bytes_written, 100'000u);
    EXPECT_FALSE(engine.writes_stopped);
    EXPECT_EQ(engine.delayed_bytes_per_second, 0u);
  }
  // Opening it again flushes what the write-ahead log held.
  const auto log = OpenRocksDbLog({.path = folder.path()}).value();
  uint64_t files = 0;
  const EngineStats opened = log->stats().engine.value();
  for (const EngineFamilyStats& family : opened.families) {
    for (const uint64_t at_level : family.level_files) files += at_level;
  }
  EXPECT_GT(files, 0u);
  ASSERT_TRUE(log->ReadTenant(kAcme, {}).ok());
  const EngineStats engine = log->stats().engine.value();
  EXPECT_GT(engine.block_cache_hits + engine.block_cache_misses, 0u);
}

TEST(LogStats, SayThatAWriteFailed) {
  LogFolder folder;
  const auto file_system = std::make_shared<FaultyFileSystem>();
  const auto log =
      OpenRocksDbLogForTest({.path = folder.path()}, {.file_system = file_system}).value();
  file_system->syncs_fail = true;
  ASSERT_FALSE(AppendOne(*log, CommitOf(10)).ok());
  EXPECT_TRUE(log->stats().failed);
}

TEST(Strain, ComesBeforeWritesStopAndEndsByItself) {
  LogFolder folder;
  const auto file_system = std::make_shared<SlowTables>();
  const auto log =
      OpenRocksDbLogForTest({.path = folder.path()}, {.file_system = file_system}).value();
  ASSERT_TRUE(log->Strain().ok());
  file_system->gate.Shut();
  // Fills the memtable of commits, which then waits for its flush, and most of the other one. That
  // the loop ends shows that the strain is told of before writes stop: those would wait for ever.
  const int64_t pause_us = kStrainCheckMicros / 10;
  absl::Status strain;
  for (size_t written = 0; strain.ok() && written < 3 * kCommitsMemtableBytes; written += 500'000) {
    ASSERT_TRUE(AppendOne(*log, CommitOf(500'000)).ok());
    const int64_t end = base::MonotonicMicros() + pause_us;
    while (base::MonotonicMicros() < end) strain = log->Strain();
  }
  EXPECT_THAT(strain, FailsWith(StatusCode::kResourceExhausted, "OVERLOADED"));
  EXPECT_THAT(std::string(strain.message()), HasSubstr("memtable of family commits"));
  EXPECT_TRUE(log->stats().strained);
  EXPECT_FALSE(log->stats().engine->writes_stopped);
  EXPECT_TRUE(AppendOne(*log, CommitOf(10)).ok()) << "it is only advice";

  file_system->gate.Open();
  EXPECT_TRUE(AwaitStrain(*log, true).ok());
  EXPECT_FALSE(log->stats().strained);
}

TEST(Strain, TellsOfALowDiskAndEndsByItself) {
  LogFolder folder;
  const auto file_system = std::make_shared<FaultyFileSystem>();
  const auto log = OpenRocksDbLogForTest({.path = folder.path(), .free_bytes_min = 2},
                                         {.file_system = file_system})
                       .value();
  ASSERT_TRUE(AppendOne(*log, CommitOf(10)).ok());
  file_system->disk_low = true;
  EXPECT_THAT(AwaitStrain(*log, false), FailsWith(StatusCode::kResourceExhausted, "DISK_LOW"));
  EXPECT_THAT(AppendOne(*log, CommitOf(10)), FailsWith(StatusCode::kResourceExhausted, "DISK_LOW"));
  EXPECT_TRUE(log->ReadTenant(kAcme, {}).ok()) << "reads go on";
  file_system->disk_low = false;
  EXPECT_TRUE(AwaitStrain(*log, true).ok());
  EXPECT_TRUE(AppendOne(*log, CommitOf(10)).ok());
}

}  // namespace
}  // namespace dealog::eventstore
