// Method: backups of a log in memory restored into RocksDB folders, whole and to every kind of
// place; what comes out is compared commit by commit, verified row by row, and written on.

#include "eventstore/backup/restore.h"

#include <gmock/gmock.h>

#include "eventstore/backup/archive.h"
#include "eventstore/backup/data_folder.h"
#include "eventstore/backup/keys.h"
#include "eventstore/forks.h"
#include "eventstore/rocksdb/witness_file.h"
#include "tests/eventstore/backup/archive_fixture.h"

namespace dealog::eventstore {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class RestoreTest : public ArchiveTest {
 protected:
  RestoreReport MustRestore(const RestoreOptions& options) {
    const auto report = RestoreBackup(options, {});
    DEALOG_CHECK_OK(report);
    const auto verified = VerifyRocksDbLog(options.data_folder + "/log", {});
    DEALOG_CHECK_OK(verified);
    EXPECT_TRUE(verified->ok()) << verified->problems.front();
    return *report;
  }
  // The message of a refusal, which must be of that reason and make no data folder.
  std::string Refusal(const RestoreOptions& options, std::string_view reason) {
    const auto report = RestoreBackup(options, {});
    EXPECT_EQ(base::ReasonOf(report.status()), reason) << report.status();
    EXPECT_FALSE(std::filesystem::exists(options.data_folder + "/log"));
    return MessageOf(report.status());
  }
};

TEST_F(RestoreTest, GivesBackEveryCommitAndClaimsTheLog) {
  Append("acme", 10);
  Append("globex", 3);
  MustBackup();
  Append("acme", 5);
  MustBackup();
  const RestoreReport report = MustRestore(RestoreTo("new"));
  EXPECT_EQ(report.events, 18);
  EXPECT_EQ(report.checkpoints, 3);
  const auto restored = OpenRestored("new");
  for (const char* tenant : {"acme", "globex"}) {
    EXPECT_EQ(CommitsOf(*restored, tenant), CommitsOf(*log_, tenant));
  }
  const PartitionHead head = restored->BatchHead(PartitionId{0});
  EXPECT_EQ(head.number.value, 19);  // 18 and the claim.
  EXPECT_GT(head.owner_epoch, log_->BatchHead(PartitionId{0}).owner_epoch);
  EXPECT_EQ(head.owner_epoch, report.heads[0].owner_epoch);
  const auto request = restored->FindRequest(TenantId{"acme"}, "user:ada", "request-1");
  EXPECT_TRUE(request.ok() && request->has_value());
  EXPECT_TRUE(AppendOne(*restored, MakeCommit("acme", {MakeEvent("deal/new")})).ok());
}

TEST_F(RestoreTest, ARestoredLogIsBackedUpAndRestoredAgain) {
  Append("acme", 4);
  MustBackup();
  MustRestore(RestoreTo("first"));
  log_ = OpenRestored("first");
  Append("acme", 2);
  EXPECT_EQ(MustBackup().base_number(), 1);  // The same history: continued.
  clock_.Advance(1);
  MustRestore(RestoreTo("second"));
  EXPECT_EQ(CommitsOf(*OpenRestored("second"), "acme"), CommitsOf(*log_, "acme"));
}

TEST_F(RestoreTest, TheNextBackupOfALogThatWasCutMustBeFull) {
  Append("acme", 4);
  MustBackup();
  RestoreOptions options = RestoreTo("cut");
  options.to_batches = {{PartitionId{0}, BatchNumber{2}}};
  MustRestore(options);
  log_ = OpenRestored("cut");
  Append("acme", 5);
  EXPECT_EQ(base::ReasonOf(Backup(Options()).status()), "BACKUP_UNUSABLE");
  BackupOptions full = Options();
  full.full = true;
  EXPECT_TRUE(Backup(full).ok());
}

TEST_F(RestoreTest, ToABatch) {
  Append("acme", 10);
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.to_batches = {{PartitionId{0}, BatchNumber{7}}};
  EXPECT_EQ(MustRestore(options).batches, 7);
  EXPECT_EQ(CommitsOf(*OpenRestored("new"), "acme"), CommitsOf(*log_, "acme", 7));
}

TEST_F(RestoreTest, ToATime) {
  Append("acme", 10);
  const int64_t then = clock_.NowMicros();
  Append("acme", 10);
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.to_time_us = then;
  EXPECT_EQ(MustRestore(options).batches, 10);
  options = RestoreTo("just-before");
  options.to_time_us = then - 1;
  EXPECT_EQ(MustRestore(options).batches, 9);
}

TEST_F(RestoreTest, ATimeBeforeTheFirstBatchIsRefused) {
  const int64_t then = clock_.NowMicros();
  Append("acme", 3);
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.to_time_us = then;
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("nothing had been written"));
  options.to_time_us = clock_.NowMicros() - 1'000'000;
  EXPECT_EQ(MustRestore(options).events, 3);
}

TEST_F(RestoreTest, ToAPositionOfOneTenant) {
  log_ = MakeMemoryLog({.partition_count = 2, .disk = nullptr, .clock = &clock_});
  for (int i = 0; i < 5; ++i) {
    Append("acme", 2);
    Append("globex", 2);
    Append("initech", 1);
  }
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.tenant = TenantId{"acme"};
  options.to_position = Position{6};
  EXPECT_EQ(MustRestore(options).events, 6);
  const auto restored = OpenRestored("new", 2);
  EXPECT_EQ(CommitsOf(*restored, "acme"), CommitsOf(*log_, "acme", 6));
  EXPECT_THAT(restored->Tenants(), SizeIs(1));
  options = RestoreTo("whole");
  options.tenant = TenantId{"acme"};
  EXPECT_EQ(MustRestore(options).events, 10);
}

TEST_F(RestoreTest, APositionInsideOfACommitIsRefusedWithItsNeighbours) {
  ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  ASSERT_TRUE(
      AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2")})).ok());
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.tenant = TenantId{"acme"};
  options.to_position = Position{2};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("give 1 or 3"));
  options.to_position = Position{3};  // The folder is as it was: the next try may have it.
  EXPECT_EQ(MustRestore(options).events, 3);
}

TEST_F(RestoreTest, RefusesPlacesThatTheBackupDoesNotHave) {
  Append("acme", 3);
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.to_batches = {{PartitionId{0}, BatchNumber{4}}};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("at most 3"));
  options.to_batches = {{PartitionId{1}, BatchNumber{1}}};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("partition below 1"));
  options = RestoreTo("new");
  options.to_time_us = clock_.NowMicros();
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("when backup 1 began"));
  options.to_batches = {{PartitionId{0}, BatchNumber{1}}};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("found several"));
  options = RestoreTo("new");
  options.tenant = TenantId{"globex"};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("which it lacks"));
  options.tenant = TenantId{"acme"};
  options.to_position = Position{4};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("at most 3"));
  options.tenant = TenantId{};
  EXPECT_THAT(Refusal(options, "FIELD_INVALID"), HasSubstr("expected a tenant"));
  EXPECT_FALSE(std::filesystem::exists(Path("new")));
}

TEST_F(RestoreTest, WitnessesTheHeadThatItMade) {
  Append("acme", 4);
  MustBackup();
  const RestoreReport report = MustRestore(RestoreTo("new"));
  const auto witness = WitnessFile::Open(Path("new") + "/witness/head");
  ASSERT_TRUE(witness.ok()) << witness.status();
  ASSERT_TRUE((*witness)->found().has_value());
  EXPECT_EQ((*witness)->found()->at(0).number, BatchNumber{5});  // Four and the claim.
  EXPECT_EQ((*witness)->found()->at(0).digest, report.heads[0].digest);
}

TEST_F(RestoreTest, OneProcessAtATimeHasTheFolder) {
  Append("acme", 4);
  MustBackup();
  std::filesystem::create_directories(Path("new"));
  const std::string part = PartPath(archive(), 1, 1);
  Damage(part, 5);
  ASSERT_FALSE(RestoreBackup(RestoreTo("new"), {}).ok());  // It has begun there.
  Damage(part, 5);
  {
    const auto lock = LockDataFolder(Path("new"));
    ASSERT_TRUE(lock.ok());
    EXPECT_THAT(Refusal(RestoreTo("new"), "NOT_READY"), HasSubstr("in use by another process"));
  }
  MustRestore(RestoreTo("new"));
}

TEST_F(RestoreTest, RefusesAFolderThatHoldsSomething) {
  Append("acme", 3);
  MustBackup();
  std::filesystem::create_directories(Path("new"));
  std::ofstream(Path("new") + "/thesis.odt") << "text";
  EXPECT_THAT(Refusal(RestoreTo("new"), "TARGET_NOT_EMPTY"), HasSubstr("thesis.odt"));
  MustRestore(RestoreTo("done"));
  const auto again = RestoreBackup(RestoreTo("done"), {});
  EXPECT_EQ(base::ReasonOf(again.status()), "TARGET_NOT_EMPTY");
}

TEST_F(RestoreTest, GoesOnWhereItWasKilled) {
  Append("acme", 30);
  BackupOptions options = Options();
  options.part_bytes_target = 1;
  ASSERT_TRUE(Backup(options).ok());
  // The first run ends at a damaged part; the second has the part whole.
  const std::string part = PartPath(archive(), 1, 20);
  Damage(part, std::filesystem::file_size(part) - 3);
  const auto first = RestoreBackup(RestoreTo("new"), {});
  EXPECT_EQ(first.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(first.status()), HasSubstr("--to-batch 0:19"));
  EXPECT_FALSE(std::filesystem::exists(Path("new") + "/log"));
  Damage(part, std::filesystem::file_size(part) - 3);
  RestoreOptions another = RestoreTo("new");
  another.to_batches = {{PartitionId{0}, BatchNumber{5}}};
  EXPECT_THAT(Refusal(another, "TARGET_NOT_EMPTY"), HasSubstr("another restore that has begun"));
  MustRestore(RestoreTo("new"));
  EXPECT_EQ(CommitsOf(*OpenRestored("new"), "acme"), CommitsOf(*log_, "acme"));
}

TEST_F(RestoreTest, GoesOnAfterAKillJustBeforeItsEnd) {
  Append("acme", 5);
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  const RestoreReport first = MustRestore(options);
  // As if it had been killed between the renaming and the removal of the mark.
  ASSERT_TRUE(RestoreBackup(RestoreTo("other"), {}).ok());
  std::filesystem::create_directories(Path("marks"));
  RestoreOptions cut = RestoreTo("marks");
  const std::string part = PartPath(archive(), 1, 1);
  Damage(part, 5);
  ASSERT_FALSE(RestoreBackup(cut, {}).ok());  // Leaves its mark.
  Damage(part, 5);
  std::filesystem::copy_file(Path("marks") + "/restore", Path("new") + "/restore");
  const auto again = RestoreBackup(options, {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->heads[0].digest, first.heads[0].digest);  // Not claimed twice.
}

TEST_F(RestoreTest, DamageBehindTheCutDoesNotMatter) {
  Append("acme", 30);
  BackupOptions made = Options();
  made.part_bytes_target = 1;
  ASSERT_TRUE(Backup(made).ok());
  Damage(PartPath(archive(), 1, 20), 70);
  RestoreOptions options = RestoreTo("new");
  options.to_batches = {{PartitionId{0}, BatchNumber{19}}};
  EXPECT_EQ(MustRestore(options).batches, 19);
}

TEST_F(RestoreTest, OfAFileThatWasCutOffWhatIsWholeIsThere) {
  for (int i = 0; i < 3; ++i) {  // Each fills a frame.
    ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1", "DealOpened",
                                                               std::string(900'000, 'x'))}))
                    .ok());
  }
  MustBackup();
  const std::string part = PartPath(archive(), 1, 1);
  std::filesystem::resize_file(part, std::filesystem::file_size(part) - 1);
  EXPECT_THAT(Refusal(RestoreTo("whole"), "CORRUPT_RECORD"), HasSubstr("--to-batch 0:2"));
  RestoreOptions options = RestoreTo("new");
  options.to_batches = {{PartitionId{0}, BatchNumber{2}}};
  EXPECT_EQ(MustRestore(options).events, 2);
}

TEST_F(RestoreTest, CopiesTheKeysOfThisLogOnly) {
  Append("acme", 3);
  std::filesystem::create_directories(Path("keys"));
  std::ofstream(Path("keys") + "/unique.key") << std::string(32, 'u');
  std::ofstream(Path("keys") + "/audit.key") << std::string(32, 'a');
  BackupOptions made = Options();
  made.unique_key_check = KeyCheck(std::string(32, 'u'));
  ASSERT_TRUE(Backup(made).ok());
  RestoreOptions options = RestoreTo("new");
  options.keys_folder = Path("keys");
  MustRestore(options);
  EXPECT_EQ(ReadKeyCheck(Path("new") + "/keys").value(), made.unique_key_check);
  std::ofstream(Path("keys") + "/unique.key") << std::string(32, 'x');
  options.data_folder = Path("newer");
  EXPECT_THAT(Refusal(options, "BACKUP_UNUSABLE"), HasSubstr("is not the key of this log"));
}

TEST_F(RestoreTest, PlacesBeyondTheForkAreRefusedForEver) {
  const TenantId acme{"acme"};
  const PartitionId partition{0};
  Append("acme", 6);
  MustBackup();
  RestoreOptions options = RestoreTo("new");
  options.to_batches = {{partition, BatchNumber{4}}};
  const uint64_t second = MustRestore(options).heads[0].owner_epoch;
  log_ = OpenRestored("new");
  Append("acme", 9);
  for (int epochs = 2; epochs <= 3; ++epochs) {
    const auto forks = Forks::Find(*log_);
    ASSERT_TRUE(forks.ok()) << forks.status();
    const Position head = log_->Head(acme)->position;
    EXPECT_TRUE(forks->Check(partition, acme, 1, Position{4}, head).ok());
    const absl::Status beyond = forks->Check(partition, acme, 1, Position{5}, head);
    EXPECT_EQ(base::ReasonOf(beyond), "POSITION_FORKED");
    EXPECT_THAT(MessageOf(beyond), HasSubstr("up to 4"));
    EXPECT_TRUE(forks->Check(partition, acme, second, Position{13}, head).ok());
    EXPECT_FALSE(forks->Check(partition, acme, second, Position{14}, head).ok());
    EXPECT_FALSE(forks->Check(partition, acme, second + 1, Position{1}, head).ok());
    EXPECT_FALSE(forks->Check(partition, TenantId{"globex"}, 1, Position{1}, head).ok());
    if (epochs == 3) break;
    // Restored once more, whole: what was seen in both epochs before stays.
    BackupOptions full = Options();
    full.full = true;
    ASSERT_TRUE(Backup(full).ok());
    log_.reset();
    MustRestore(RestoreTo("newest"));
    log_ = OpenRestored("newest");
    Append("acme", 1);
  }
}

TEST_F(RestoreTest, ForksOfOneTenantAreKeptWhenItIsRestoredAlone) {
  const TenantId acme{"acme"};
  Append("acme", 3);
  Append("globex", 3);
  MustBackup();
  MustRestore(RestoreTo("first"));
  log_ = OpenRestored("first");
  Append("acme", 2);
  MustBackup();
  RestoreOptions options = RestoreTo("alone");
  options.tenant = acme;
  MustRestore(options);
  const auto forks = Forks::Find(*OpenRestored("alone"));
  EXPECT_TRUE(forks->Check(PartitionId{0}, acme, 1, Position{3}, Position{5}).ok());
  EXPECT_FALSE(forks->Check(PartitionId{0}, acme, 1, Position{4}, Position{5}).ok());
}

}  // namespace
}  // namespace dealog::eventstore
