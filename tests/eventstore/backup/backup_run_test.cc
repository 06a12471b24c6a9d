// Method: backups of a log in memory, whole, continued, killed between steps and cut in the middle
// of a frame; then read and checked as a restore would.

#include "eventstore/backup/backup_run.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "eventstore/backup/archive.h"
#include "tests/eventstore/backup/archive_fixture.h"

namespace dealog::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BackupTest : public ArchiveTest {
 protected:
  absl::StatusOr<VerifyReport> Verify(uint64_t number = 0) {
    return VerifyBackup(archive(), number, std::nullopt, {});
  }
  // The first steps of a run that is killed then.
  void BeginAndKill(BackupOptions options, int steps) {
    const auto run = BackupRun::Open(*log_, std::move(options));
    ASSERT_TRUE(run.ok()) << run.status();
    for (int i = 0; i < steps; ++i) ASSERT_TRUE((*run)->Step().ok());
  }
};

TEST_F(BackupTest, HoldsEverythingAndSaysSo) {
  Append("acme", 10);
  Append("globex", 5);
  const storage::v1::BackupManifest manifest = MustBackup();
  EXPECT_EQ(manifest.number(), 1);
  EXPECT_EQ(manifest.base_number(), 0);
  ASSERT_EQ(manifest.tenants_size(), 2);
  EXPECT_EQ(manifest.tenants(0).name(), "acme");
  EXPECT_EQ(manifest.tenants(0).position(), 10);
  EXPECT_EQ(manifest.partitions(0).digest(), log_->BatchHead(PartitionId{0}).digest);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read.batches, 15);
  EXPECT_EQ(report->read.events, 15);
  EXPECT_EQ(report->checkpoints, 2);
}

TEST_F(BackupTest, OfAnEmptyLogIsABackupToo) {
  EXPECT_EQ(MustBackup().parts_size(), 0);
  EXPECT_TRUE(Verify().ok());
}

TEST_F(BackupTest, ContinuesTheOneBefore) {
  Append("acme", 10);
  MustBackup();
  Append("acme", 4);
  const storage::v1::BackupManifest second = MustBackup();
  EXPECT_EQ(second.base_number(), 1);
  EXPECT_EQ(second.partitions(0).after_number(), 10);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->chain, ElementsAre(1, 2));
  EXPECT_EQ(report->read.batches, 14);
  EXPECT_EQ(report->checkpoints, 2);  // At 10 and at 14.
  EXPECT_EQ(Verify(1)->read.batches, 10);
}

TEST_F(BackupTest, WithNothingNewAddsNoFile) {
  Append("acme", 3);
  MustBackup();
  EXPECT_EQ(MustBackup().parts_size(), 0);
  EXPECT_TRUE(Verify().ok());
}

TEST_F(BackupTest, AFullOneStandsAlone) {
  Append("acme", 3);
  MustBackup();
  BackupOptions options = Options();
  options.full = true;
  ASSERT_TRUE(Backup(options).ok());
  std::filesystem::remove_all(BackupFolder(archive(), 1));
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->chain, ElementsAre(2));
}

TEST_F(BackupTest, CutsPartsBySizeAndGoesThroughPartitions) {
  log_ = MakeMemoryLog({.partition_count = 3, .disk = nullptr, .clock = &clock_});
  for (const char* tenant : {"a", "b", "c", "d", "e"}) Append(tenant, 4);
  BackupOptions options = Options();
  options.part_bytes_target = 1;
  const auto manifest = Backup(options);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_GT(manifest->parts_size(), 3);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read.batches, 20);
}

TEST_F(BackupTest, GoesOnAfterAKillAtEveryStep) {
  for (int steps = 0; steps < 3; ++steps) {
    Append("acme", 5);
    BeginAndKill(Options(), steps);
    Append("acme", 5);  // Written meanwhile: in the backup, too.
    EXPECT_EQ(MustBackup().partitions(0).number(), log_->BatchHead(PartitionId{0}).number.value);
    const auto report = Verify();
    ASSERT_TRUE(report.ok()) << report.status();
  }
  EXPECT_EQ(ListArchive(archive())->backups.size(), 3);
}

TEST_F(BackupTest, GoesOnBehindTheLastWholeFrame) {
  Append("acme", 20);
  BackupOptions options = Options();
  options.part_bytes_target = 1;  // A part is closed, and so written, with every batch.
  BeginAndKill(options, 1);
  const std::string part = PartPath(archive(), 1, 19);
  ASSERT_TRUE(std::filesystem::exists(part));
  for (const std::string& later : {PartPath(archive(), 1, 20), PartPath(archive(), 1, 21)}) {
    std::filesystem::remove(later);
  }
  std::filesystem::copy_file(part, Path("copy"));
  const size_t size = std::filesystem::file_size(part);
  for (const size_t left : {size - 1, size - 20, size_t{30}, size_t{0}}) {  // 30: in the head.
    std::filesystem::copy_file(Path("copy"), part,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(part, left);
    BeginAndKill(options, 19);  // A step reads a part.
    EXPECT_EQ(ListArchive(archive())->unfinished, 1);
    EXPECT_FALSE(std::filesystem::exists(PartPath(archive(), 1, 20)));
  }
  // A power failure leaves anything in what was not synced.
  std::ofstream(part, std::ios::binary) << std::string(size, '\0');
  ASSERT_TRUE(Backup(options).ok());
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read.batches, 20);
}

TEST_F(BackupTest, RefusesAnUnfinishedOneThatIsDamaged) {
  Append("acme", 20);
  BackupOptions options = Options();
  options.part_bytes_target = 1;
  BeginAndKill(options, 1);
  const std::string part = PartPath(archive(), 1, 3);
  Damage(part, std::filesystem::file_size(part) - 10);
  const auto made = Backup(options);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(made.status()), HasSubstr("000003.part"));
  EXPECT_THAT(MessageOf(made.status()), HasSubstr("delete its folder"));
}

TEST_F(BackupTest, RefusesTheArchiveOfAnotherLog) {
  Append("acme", 3);
  MustBackup();
  log_ = MakeMemoryLog({.partition_count = 1, .disk = nullptr, .clock = &clock_});
  Append("acme", 5);
  const auto another = Backup(Options());
  EXPECT_EQ(base::ReasonOf(another.status()), "BACKUP_UNUSABLE");
  EXPECT_THAT(MessageOf(another.status()), HasSubstr("another than the log's"));
  log_ = MakeMemoryLog({.partition_count = 1, .disk = nullptr, .clock = &clock_});
  EXPECT_THAT(MessageOf(Backup(Options()).status()), HasSubstr("beyond the log's head"));
  log_ = MakeMemoryLog({.partition_count = 2, .disk = nullptr, .clock = &clock_});
  EXPECT_THAT(MessageOf(Backup(Options()).status()), HasSubstr("of 1 partitions"));
}

TEST_F(BackupTest, AnUnfinishedOneOfALostHistoryIsBegunAnew) {
  Append("acme", 3);
  MustBackup();
  Append("acme", 5);
  BackupOptions options = Options();
  options.part_bytes_target = 1;
  BeginAndKill(options, 1);
  ASSERT_EQ(ListArchive(archive())->unfinished, 2);
  ASSERT_TRUE(RestoreBackup(RestoreTo("restored"), {}).ok());
  log_ = OpenRestored("restored");
  Append("acme", 2);
  const auto second = Backup(options);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->base_number(), 1);
  EXPECT_EQ(second->parts_size(), 3);  // The restore's claim and two batches.
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->read.events, 5);
}

TEST_F(BackupTest, VerifyTellsOfANewerOneThatIsUnfinished) {
  Append("acme", 3);
  MustBackup();
  EXPECT_FALSE(Verify()->unfinished.has_value());
  Append("acme", 3);
  MustBackup();
  std::filesystem::remove(ManifestPath(archive(), 2));
  EXPECT_EQ(Verify()->unfinished, 2);
  EXPECT_EQ(Verify()->read.events, 3);
  EXPECT_FALSE(Verify(1)->unfinished.has_value());  // It was asked for.
}

TEST_F(BackupTest, RefusesAFolderThatHoldsSomethingElse) {
  std::filesystem::create_directories(archive());
  std::ofstream(archive() + "/holiday.jpg") << "sea";
  const auto made = Backup(Options());
  EXPECT_EQ(base::ReasonOf(made.status()), "BACKUP_UNUSABLE");
  EXPECT_THAT(MessageOf(made.status()), HasSubstr("holiday.jpg"));
}

TEST_F(BackupTest, RefusesASecondRunInTheSameArchive) {
  const auto first = BackupRun::Open(*log_, Options());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(base::ReasonOf(BackupRun::Open(*log_, Options()).status()), "BACKUP_RUNNING");
  while (!(*first)->progress().done) ASSERT_TRUE((*first)->Step().ok());
  EXPECT_TRUE(BackupRun::Open(*log_, Options()).ok());  // Though the first is still there.
}

TEST_F(BackupTest, EndsBeforeTheDiskIsFull) {
  Append("acme", 3);
  BackupOptions options = Options();
  options.free_bytes_min = UINT64_MAX;
  const auto made = Backup(options);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(made.status()), "DISK_LOW");
  EXPECT_EQ(MustBackup().number(), 1);  // Goes on once there is space.
}

TEST_F(BackupTest, VerifyFindsEveryChangedByteOfEveryFile) {
  Append("acme", 6);
  MustBackup();
  for (const std::string& path : {PartPath(archive(), 1, 1), ManifestPath(archive(), 1)}) {
    for (size_t at = 0; at < std::filesystem::file_size(path); at += 7) {
      Damage(path, at);
      EXPECT_EQ(Verify().status().code(), absl::StatusCode::kDataLoss) << path << " byte " << at;
      Damage(path, at);
    }
  }
  EXPECT_TRUE(Verify().ok());
}

TEST_F(BackupTest, VerifyNamesWhatIsMissing) {
  Append("acme", 6);
  MustBackup();
  Append("acme", 6);
  MustBackup();
  std::filesystem::rename(PartPath(archive(), 2, 1), Path("moved"));
  EXPECT_THAT(MessageOf(Verify().status()), HasSubstr("the file is missing"));
  EXPECT_THAT(MessageOf(Verify().status()), HasSubstr("whole up to batch 6"));
  std::filesystem::rename(Path("moved"), PartPath(archive(), 2, 1));
  std::filesystem::rename(ManifestPath(archive(), 1), Path("moved"));
  EXPECT_THAT(MessageOf(Verify().status()), HasSubstr("the manifest is missing"));
  std::filesystem::remove_all(BackupFolder(archive(), 1));
  EXPECT_THAT(MessageOf(Verify().status()), HasSubstr("continues it, but it is missing"));
  EXPECT_THAT(MessageOf(Verify(9).status()), HasSubstr("no backup 9"));
}

TEST_F(BackupTest, VerifyTellsHowFarItIsWithinAPart) {
  for (int i = 0; i < 3; ++i) {  // Each fills a frame.
    const NewEvent event = MakeEvent("deal/1", "DealOpened", std::string(900'000, 'x'));
    ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {event})).ok());
  }
  MustBackup();
  std::vector<uint64_t> told;
  uint64_t total = 0;
  const auto report = VerifyBackup(archive(), 0, std::nullopt, [&](const BackupReadProgress& now) {
    told.push_back(now.bytes_done);
    total = now.bytes_total;
  });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(total, std::filesystem::file_size(PartPath(archive(), 1, 1)));
  ASSERT_EQ(told.size(), 4);  // A batch each, and the end.
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_GT(told[1], told[0]);
  EXPECT_LT(told[2], total);
  EXPECT_EQ(told[3], total);
}

TEST_F(BackupTest, VerifyRefusesAPartOfAnotherPlace) {
  Append("acme", 6);
  BackupOptions options = Options();
  options.part_bytes_target = 1;
  ASSERT_TRUE(Backup(options).ok());
  std::filesystem::rename(PartPath(archive(), 1, 2), Path("moved"));
  std::filesystem::rename(PartPath(archive(), 1, 3), PartPath(archive(), 1, 2));
  std::filesystem::rename(Path("moved"), PartPath(archive(), 1, 3));
  EXPECT_EQ(Verify().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(BackupTest, VerifyComparesWithAKeyThatWasKeptElsewhere) {
  Append("acme", 6);
  MustBackup();
  const VerifierKey own = SignerOf(TenantId{"acme"}).verifier();
  EXPECT_EQ(VerifyBackup(archive(), 0, own, {})->checkpoints, 1);
  // The log's key under another tenant's name is the same key.
  EXPECT_TRUE(VerifyBackup(archive(), 0, SignerOf(TenantId{"globex"}).verifier(), {}).ok());
  const VerifierKey forged(own.name(), base::Ed25519PublicKey(std::string(32, 'x')));
  const auto report = VerifyBackup(archive(), 0, forged, {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(report.status()), HasSubstr("signed by the key that was given"));
}

TEST_F(BackupTest, AKeyNeedsACheckpointToCompareWith) {
  Append("acme", 6);
  BackupOptions options = Options();
  options.checkpoint = nullptr;
  ASSERT_TRUE(Backup(options).ok());
  const auto report = VerifyBackup(archive(), 0, SignerOf(TenantId{"acme"}).verifier(), {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Verify()->events_unsigned, 6);
}

TEST_F(BackupTest, AnOlderCheckpointMayBeOfAnotherKey) {
  Append("acme", 3);
  BackupOptions options = Options();
  const SignerKey old(OriginOf(base::Ed25519PublicKey(std::string(32, 'o')), TenantId{"acme"}),
                      std::string(32, 'o'));
  options.checkpoint = [&](const TenantId& tenant, Position at) {
    return SignAt(*log_, tenant, at, old);
  };
  ASSERT_TRUE(Backup(options).ok());
  const VerifierKey own = SignerOf(TenantId{"acme"}).verifier();
  EXPECT_EQ(VerifyBackup(archive(), 0, own, {}).status().code(), absl::StatusCode::kDataLoss);
  Append("acme", 3);
  MustBackup();
  const auto report = VerifyBackup(archive(), 0, own, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->checkpoints, 2);
}

TEST_F(BackupTest, VerifyFindsACheckpointOfAnotherHistory) {
  Append("acme", 6);
  BackupOptions options = Options();
  const auto other = MakeMemoryLog({.partition_count = 1, .disk = nullptr, .clock = &clock_});
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(AppendOne(*other, MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  }
  options.checkpoint = [&](const TenantId& tenant, Position at) {
    return SignAt(*other, tenant, at);
  };
  ASSERT_TRUE(Backup(options).ok());
  const auto report = Verify();
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(report.status()), HasSubstr("tenant acme"));
}

}  // namespace
}  // namespace dealog::eventstore
