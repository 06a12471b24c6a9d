// Method: folders that are no log, or a damaged one, made by hand; opening each must refuse with a
// message that says what was found, where, and what to do, and must leave every file as it was.

#include "eventstore/rocksdb/folder_check.h"

#include <fstream>
#include <map>
#include <sstream>

#include "eventstore/rocksdb/rocksdb_log.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/contracts/event_log_contract.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::eventstore {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

std::string Content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Every file but RocksDB's own diary and lock.
std::map<std::string, std::string> Files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("LOG", 0) != 0 && name != "LOCK") files[name] = Content(entry.path());
  }
  return files;
}

fs::path FileWith(const std::string& folder, const std::string& prefix, const std::string& end) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(prefix, 0) == 0 && name.ends_with(end)) return entry.path();
  }
  ADD_FAILURE() << "no file " << prefix << "*" << end;
  return {};
}

void FlipByte(const fs::path& file, size_t offset) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(bytes.get() ^ 0x20);
  bytes.seekp(static_cast<std::streamoff>(offset));
  bytes.put(byte);
}

// A log with batches in its write-ahead log and, if asked, in tables.
void MakeLog(const std::string& path, bool tables) {
  {
    auto log = OpenRocksDbLog({.path = path}).value();
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1")})).ok());
    }
  }
  if (!tables) return;
  EditLog(path, [](const LogDatabase& database) {
    for (size_t i = 0; i < kFamilyCount; ++i) {
      ASSERT_TRUE(database.db().Flush({}, database.family(static_cast<Family>(i))).ok());
    }
  });
}

void ExpectRefused(const std::string& path, StatusCode code, const std::string& what) {
  const auto before = Files(path);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = OpenRocksDbLog({.path = path});
    EXPECT_EQ(opened.status().code(), code) << opened.status();
    EXPECT_EQ(base::ReasonOf(opened.status()),
              code == StatusCode::kDataLoss ? "CORRUPT_RECORD" : "NOT_READY");
    const std::string message(opened.status().message());
    EXPECT_THAT(message, AllOf(HasSubstr(path), HasSubstr(what)));
    EXPECT_THAT(message, HasSubstr(code == StatusCode::kDataLoss ? "restore the folder" : "give"));
  }
  EXPECT_EQ(Files(path), before);
}

TEST(FolderCheck, AnotherProgramsFilesAreNotTouched) {
  LogFolder folder;
  fs::create_directories(folder.path());
  std::ofstream(folder.path() + "/letters.txt") << "dear";
  ExpectRefused(folder.path(), StatusCode::kFailedPrecondition, "other files (letters.txt)");
}

TEST(FolderCheck, AnotherProgramsDatabaseIsNotTouched) {
  LogFolder folder;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder.path(), &db).ok());
  ASSERT_TRUE(db->Put({}, "somebody's", "row").ok());
  delete db;
  ExpectRefused(folder.path(), StatusCode::kFailedPrecondition, "another program's database");
}

TEST(FolderCheck, ADatabaseWithoutItsCurrentFileIsNotReplaced) {
  for (const bool tables : {false, true}) {
    LogFolder folder;
    MakeLog(folder.path(), tables);
    fs::remove(folder.path() + "/CURRENT");
    ExpectRefused(folder.path(), StatusCode::kDataLoss, "the file CURRENT that names them is gone");
  }
}

TEST(FolderCheck, AnUnfinishedStartIsFinished) {
  LogFolder folder;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder.path(), &db).ok());
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  ASSERT_TRUE(db->CreateColumnFamily({}, "commits", &handle).ok());
  ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
  EXPECT_TRUE(OpenRocksDbLog({.path = folder.path()}).ok());

  LogFolder other;
  fs::create_directories(other.path());
  std::ofstream(other.path() + "/MANIFEST-000001") << "cut off";
  std::ofstream(other.path() + "/LOCK") << "";
  EXPECT_TRUE(OpenRocksDbLog({.path = other.path()}).ok());
}

TEST(FolderCheck, AMissingFamilyIsNotMadeAnew) {
  LogFolder folder;
  MakeLog(folder.path(), true);
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, {}}};
  for (size_t i = 0; i < kFamilyCount; ++i) {
    families.emplace_back(std::string(FamilyName(static_cast<Family>(i))),
                          rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, folder.path(), families, &handles, &db).ok());
  ASSERT_TRUE(db->DropColumnFamily(handles[1 + static_cast<size_t>(Family::kRequests)]).ok());
  for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
  ExpectRefused(folder.path(), StatusCode::kDataLoss,
                "it lacks what every log has, the family "
                "requests");
}

TEST(FolderCheck, ANewerFormatIsLeftToTheNewerVersion) {
  LogFolder folder;
  MakeLog(folder.path(), false);
  EditLog(folder.path(), [](const LogDatabase& database) {
    ASSERT_TRUE(database.db().Put({}, kSettingsKey, EncodeSettings(kLogFormat + 1, 1)).ok());
  });
  const auto newer = OpenRocksDbLog({.path = folder.path()});
  EXPECT_THAT(newer, FailsWith(StatusCode::kFailedPrecondition, "NOT_READY"));
  EXPECT_THAT(std::string(newer.status().message()),
              HasSubstr("is of format 2, expected 1; use the version that wrote it"));
}

TEST(FolderCheck, DamagedSettingsAreRefused) {
  LogFolder folder;
  MakeLog(folder.path(), false);
  EditLog(folder.path(), [](const LogDatabase& database) {
    std::string settings = EncodeSettings(kLogFormat, 1);
    settings[5] ^= 1;
    ASSERT_TRUE(database.db().Put({}, kSettingsKey, settings).ok());
  });
  EXPECT_THAT(OpenRocksDbLog({.path = folder.path()}),
              FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
}

TEST(FolderCheck, ADamagedManifestIsRefused) {
  LogFolder folder;
  MakeLog(folder.path(), true);
  const fs::path manifest = FileWith(folder.path(), "MANIFEST-", "");
  FlipByte(manifest, fs::file_size(manifest) / 2);
  ExpectRefused(folder.path(), StatusCode::kDataLoss, "reading its MANIFEST: Corruption");
  EXPECT_EQ(VerifyRocksDbLog(folder.path())->problem_count, 1u);
}

TEST(FolderCheck, AMissingManifestIsRefused) {
  LogFolder folder;
  MakeLog(folder.path(), true);
  fs::remove(FileWith(folder.path(), "MANIFEST-", ""));
  ExpectRefused(folder.path(), StatusCode::kDataLoss, "reading its MANIFEST");
}

TEST(FolderCheck, AMissingTableIsRefused) {
  LogFolder folder;
  MakeLog(folder.path(), true);
  fs::remove(FileWith(folder.path(), "", ".sst"));
  const auto opened = OpenRocksDbLog({.path = folder.path()});
  EXPECT_THAT(opened, FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("No such file"));
}

TEST(FolderCheck, ADamagedWriteAheadLogIsRefused) {
  LogFolder folder;
  MakeLog(folder.path(), false);
  const fs::path wal = FileWith(folder.path(), "", ".log");
  FlipByte(wal, fs::file_size(wal) / 2);
  const auto opened = OpenRocksDbLog({.path = folder.path()});
  EXPECT_THAT(opened, FailsWith(StatusCode::kDataLoss, "CORRUPT_RECORD"));
  EXPECT_THAT(std::string(opened.status().message()),
              AllOf(HasSubstr(folder.path()), HasSubstr("opening it: Corruption"),
                    HasSubstr("restore the folder")));
}

TEST(FolderCheck, AnIncompleteLastRecordIsNotDamage) {
  LogFolder folder;
  MakeLog(folder.path(), false);
  const fs::path wal = FileWith(folder.path(), "", ".log");
  fs::resize_file(wal, fs::file_size(wal) - 7);
  auto opened = OpenRocksDbLog({.path = folder.path()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ((*opened)->BatchHead(PartitionId{0}).number.value, 19u);
}

}  // namespace
}  // namespace dealog::eventstore
