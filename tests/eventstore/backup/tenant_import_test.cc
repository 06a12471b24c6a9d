// Method: one tenant exported from a log in memory and imported into RocksDB folders: whole, in
// pieces, killed in between, twice, beside other tenants and against another history.

#include "eventstore/backup/tenant_import.h"

#include <gmock/gmock.h>

#include "eventstore/backup/data_folder.h"
#include "eventstore/backup/frame.h"
#include "eventstore/backup/keys.h"
#include "eventstore/backup/records.h"
#include "eventstore/backup/tenant_export.h"
#include "eventstore/base/crypto.h"
#include "eventstore/rocksdb/witness_file.h"
#include "tests/eventstore/backup/archive_fixture.h"

namespace dealog::eventstore {
namespace {

using ::testing::HasSubstr;

class TransferTest : public ArchiveTest {
 protected:
  TransferTest() {
    std::filesystem::create_directories(Path("keys"));
    std::ofstream(Path("keys") + "/unique.key") << std::string(32, 'u');
  }
  std::string file() const { return Path("acme.export"); }

  ExportOptions Exporting(const std::string& tenant = "acme") {
    return {
        .tenant = TenantId{tenant},
        .after = {},
        .after_commit_sha256 = "",
        .unique_key_check = KeyCheck(std::string(32, 'u')),
        .checkpoint = [this](const TenantId& of, Position at) { return SignAt(*log_, of, at); }};
  }
  // Appends to the file what an export gives, at most `frames` of it.
  void Export(const ExportOptions& options, int frames = 1'000'000) {
    auto run = TenantExport::Open(*log_, options);
    DEALOG_CHECK_OK(run);
    std::ofstream out(file(), std::ios::binary | std::ios::app);
    for (; frames > 0; --frames) {
      const auto frame = (*run)->Next();
      DEALOG_CHECK_OK(frame);
      if (frame->empty()) break;
      out << *frame;
    }
  }
  ImportOptions Importing(const std::string& folder) {
    ImportOptions options;
    options.file = file();
    options.data_folder = Path(folder);
    options.keys_folder = Path("keys");
    options.clock = &clock_;
    return options;
  }
  ImportReport MustImport(const std::string& folder) {
    const auto report = ImportTenant(Importing(folder), {});
    DEALOG_CHECK_OK(report);
    const auto verified = VerifyRocksDbLog(Path(folder) + "/log", {});
    DEALOG_CHECK_OK(verified);
    EXPECT_TRUE(verified->ok()) << verified->problems.front();
    EXPECT_FALSE(std::filesystem::exists(Path(folder) + "/import"));
    return *report;
  }
  std::string Refusal(const ImportOptions& options, std::string_view reason) {
    const auto report = ImportTenant(options, {});
    EXPECT_EQ(base::ReasonOf(report.status()), reason) << report.status();
    return MessageOf(report.status());
  }
};

TEST_F(TransferTest, CarriesEveryByte) {
  Append("acme", 12);
  Append("globex", 2);
  Export(Exporting());
  const ImportReport report = MustImport("new");
  EXPECT_EQ(report.events_added, 12);
  EXPECT_TRUE(report.checkpoint);
  EXPECT_EQ(CommitsOf(*OpenRestored("new"), "acme"), CommitsOf(*log_, "acme"));
  EXPECT_EQ(ReadKeyCheck(Path("new") + "/keys").value(), KeyCheck(std::string(32, 'u')));
}

TEST_F(TransferTest, ASecondImportDoesNothing) {
  Append("acme", 5);
  Export(Exporting());
  MustImport("new");
  const ImportReport again = MustImport("new");
  EXPECT_EQ(again.commits_there, 5);
  EXPECT_EQ(again.commits_added, 0);
}

TEST_F(TransferTest, GoesOnBehindWhatIsThere) {
  Append("acme", 5);
  Export(Exporting());
  MustImport("new");  // As a killed import would have left it, and a shorter export.
  Append("acme", 4);
  std::filesystem::remove(file());
  Export(Exporting());
  const ImportReport report = MustImport("new");
  EXPECT_EQ(report.commits_there, 5);
  EXPECT_EQ(report.commits_added, 4);
  EXPECT_EQ(CommitsOf(*OpenRestored("new"), "acme"), CommitsOf(*log_, "acme"));
}

TEST_F(TransferTest, LandsBesideOtherTenants) {
  Append("acme", 3);
  Export(Exporting());
  MustImport("new");
  std::filesystem::remove(file());
  Append("globex", 4);
  Export(Exporting("globex"));
  MustImport("new");
  const auto both = OpenRestored("new");
  EXPECT_EQ(CommitsOf(*both, "acme"), CommitsOf(*log_, "acme"));
  EXPECT_EQ(CommitsOf(*both, "globex"), CommitsOf(*log_, "globex"));
}

TEST_F(TransferTest, RefusesATenantOfAnotherHistory) {
  Append("acme", 3);
  Export(Exporting());
  MustImport("new");
  log_ = MakeMemoryLog({.partition_count = 1, .disk = nullptr, .clock = &clock_});
  Append("acme", 3);
  std::filesystem::remove(file());
  Export(Exporting());
  EXPECT_THAT(Refusal(Importing("new"), "TENANT_EXISTS"), HasSubstr("position 1"));
}

TEST_F(TransferTest, AnExportGoesOnWhereItsFileEnds) {
  Append("acme", 6);
  Export(Exporting(), /*frames=*/2);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 5);
  auto found = ReadExport(file(), {}, {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->commits, 0);  // One frame holds all six.
  EXPECT_LT(found->good_bytes, found->file_bytes);
  EXPECT_THAT(Refusal(Importing("new"), "BACKUP_UNUSABLE"), HasSubstr("is unfinished"));
  std::filesystem::remove(file());
  Export(Exporting(), /*frames=*/2);
  found = ReadExport(file(), {}, {});
  Append("acme", 3);
  ExportOptions rest = Exporting();
  rest.after = found->position;
  rest.after_commit_sha256 = found->last_commit_sha256;
  auto run = TenantExport::Open(*log_, rest);
  ASSERT_TRUE(run.ok()) << run.status();
  std::ofstream out(file(), std::ios::binary | std::ios::app);
  (*run)->Next().value();  // The head, which the file has.
  for (auto frame = (*run)->Next(); !frame->empty(); frame = (*run)->Next()) out << *frame;
  out.close();
  EXPECT_EQ(MustImport("new").events_added, 9);
}

TEST_F(TransferTest, AnExportOfALogThatWasForkedIsNotContinued) {
  ASSERT_TRUE(
      AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2")})).ok());
  ExportOptions options = Exporting();
  options.after = Position{2};
  options.after_commit_sha256 = std::string(32, 'x');
  EXPECT_EQ(base::ReasonOf(TenantExport::Open(*log_, options).status()), "POSITION_FORKED");
  options.after = Position{3};
  EXPECT_EQ(base::ReasonOf(TenantExport::Open(*log_, options).status()), "POSITION_FORKED");
  options.after = Position{1};
  EXPECT_EQ(base::ReasonOf(TenantExport::Open(*log_, options).status()), "FIELD_INVALID");
}

TEST_F(TransferTest, RefusesEveryChangedByteBeforeAnythingIsWritten) {
  Append("acme", 4);
  Export(Exporting());
  for (size_t at = 0; at < std::filesystem::file_size(file()); at += 11) {
    Damage(file(), at);
    EXPECT_FALSE(ImportTenant(Importing("new"), {}).ok()) << "byte " << at;
    Damage(file(), at);
  }
  EXPECT_FALSE(std::filesystem::exists(Path("new")));
}

TEST_F(TransferTest, ComparesWithTheCheckpointOfAKeptKey) {
  Append("acme", 4);
  Export(Exporting());
  ImportOptions options = Importing("new");
  const VerifierKey own = SignerOf(TenantId{"acme"}).verifier();
  options.trusted_key = VerifierKey(own.name(), base::Ed25519PublicKey(std::string(32, 'x')));
  EXPECT_EQ(ImportTenant(options, {}).status().code(), absl::StatusCode::kDataLoss);
  options.trusted_key = own;
  EXPECT_TRUE(ImportTenant(options, {}).ok());
}

TEST_F(TransferTest, RefusesAFolderOfAnotherUniqueKey) {
  Append("acme", 2);
  Export(Exporting());
  std::filesystem::create_directories(Path("other") + "/keys");
  std::ofstream(Path("other") + "/keys/unique.key") << std::string(32, 'o');
  EXPECT_THAT(Refusal(Importing("other"), "BACKUP_UNUSABLE"), HasSubstr("another key"));
  ImportOptions options = Importing("new");
  options.keys_folder.clear();
  EXPECT_THAT(Refusal(options, "BACKUP_UNUSABLE"), HasSubstr("unique.key is missing"));
}

TEST_F(TransferTest, RefusesWhatIsNoExport) {
  std::ofstream(file()) << "a long letter to somebody";
  EXPECT_EQ(ImportTenant(Importing("new"), {}).status().code(), absl::StatusCode::kDataLoss);
  std::ofstream(file()) << "short";
  EXPECT_THAT(Refusal(Importing("new"), "BACKUP_UNUSABLE"), HasSubstr("expected an export"));
  std::ofstream(file()) << MakeFrame(FrameKind::kBatches, "");
  EXPECT_THAT(Refusal(Importing("new"), "BACKUP_UNUSABLE"), HasSubstr("head of an export"));
  storage::v1::ExportHead head;
  head.set_format(2);
  std::ofstream(file()) << MakeFrame(FrameKind::kExportHead, head.SerializeAsString());
  EXPECT_THAT(Refusal(Importing("new"), "BACKUP_UNUSABLE"), HasSubstr("found 2"));
  std::filesystem::remove(file());
  EXPECT_TRUE(absl::IsNotFound(ImportTenant(Importing("new"), {}).status()));
}

TEST_F(TransferTest, RefusesAFolderThatSomebodyHas) {
  Append("acme", 2);
  Export(Exporting());
  MustImport("new");
  {
    const auto lock = LockDataFolder(Path("new"));
    ASSERT_TRUE(lock.ok());
    EXPECT_THAT(Refusal(Importing("new"), "NOT_READY"), HasSubstr("in use by another process"));
  }
  MustImport("new");
}

TEST_F(TransferTest, RefusesAFolderThatIsNoDataFolder) {
  Append("acme", 2);
  Export(Exporting());
  std::filesystem::create_directories(Path("home"));
  std::ofstream(Path("home") + "/thesis.odt") << "text";
  EXPECT_THAT(Refusal(Importing("home"), "TARGET_NOT_EMPTY"), HasSubstr("thesis.odt"));
  EXPECT_FALSE(std::filesystem::exists(Path("home") + "/LOCK"));
}

TEST_F(TransferTest, WitnessesTheHeadAndRefusesALogBehindIt) {
  Append("acme", 2);
  Export(Exporting());
  MustImport("new");
  const std::string witness = WitnessPath(Path("new"));
  auto seen = WitnessFile::Open(witness);
  ASSERT_TRUE(seen.ok() && (*seen)->found().has_value());
  PartitionHeads heads = *(*seen)->found();
  EXPECT_EQ(heads[0].digest, OpenRestored("new")->BatchHead(PartitionId{0}).digest);
  ++heads[0].number.value;
  ASSERT_TRUE((*seen)->Write(heads).ok());
  EXPECT_THAT(Refusal(Importing("new"), "HEAD_LOST"), HasSubstr("ends at batch"));
}

TEST_F(TransferTest, RefusesAFolderThatIsBeingRestored) {
  Append("acme", 2);
  Export(Exporting());
  std::filesystem::create_directories(Path("new"));
  std::ofstream(Path("new") + "/restore") << "…";
  EXPECT_THAT(Refusal(Importing("new"), "TARGET_NOT_EMPTY"), HasSubstr("finish that first"));
}

}  // namespace
}  // namespace dealog::eventstore
