// Method: the folder of a real server is damaged the way disks and people do it: bytes flipped in
// table files and in the write-ahead log, its end cut, an older copy put back, another program's
// files, a newer format. Every refusal says what was found, where and what to do; `log verify` and
// the server's own check name it.

#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "dealog/v1/admin.pb.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/folder_check.h"
#include "gmock/gmock.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

namespace fs = std::filesystem;
using eventstore::Family;
using eventstore::LogDatabase;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

class Integrity : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant();
  }
  void Work(int pipelines) {
    for (int i = 0; i < pipelines; ++i) {
      const Outcome made = Dealog(
          {"pipeline", "create", "P" + std::to_string(++pipelines_), "--template", "sales-en"});
      ASSERT_EQ(made.exit_code, 0) << made.err;
    }
  }
  // Starts the server on the folder as it is; it must refuse.
  Outcome Refused() {
    const Outcome outcome =
        RunProgram({ProgramPath("dealogd"), "--data-dir", folder_, "--listen", "127.0.0.1:0"}, 20);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    return outcome;
  }
  v1::LogReport Verify(std::vector<std::string> what) {
    std::vector<std::string> arguments = {"log", "verify"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    arguments.insert(arguments.end(), {"--output", "json"});
    const Outcome outcome = Dealog(arguments);
    v1::LogReport report;
    const auto parsed = google::protobuf::util::JsonStringToMessage(outcome.out, &report);
    EXPECT_TRUE(parsed.ok()) << outcome.out << outcome.err;
    EXPECT_EQ(outcome.exit_code, report.problem_count() == 0 ? 0 : 4) << outcome.err;
    return report;
  }
  std::vector<fs::path> Files(const std::string& folder, const std::string& extension) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_ + "/" + folder)) {
      if (entry.path().extension() == extension && entry.file_size() > 0) {
        files.push_back(entry.path());
      }
    }
    return files;
  }
  static void Flip(const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(at);
    file.put(byte);
    ASSERT_TRUE(file.good()) << path;
  }
  void Edit(const std::function<void(const LogDatabase&)>& edit) const {
    const auto database =
        LogDatabase::Open({.path = folder_ + "/log", .block_cache_bytes = 1 << 20});
    ASSERT_TRUE(database.ok()) << database.status();
    edit(**database);
  }

  int pipelines_ = 0;
};

TEST_F(Integrity, AWholeLogIsFoundWholeWhileItServesAndOffline) {
  Work(3);
  const auto before = DealogJson<v1::GetServerInfoResponse>({"server", "info"});
  EXPECT_FALSE(before.has_last_full_scrub_time());
  const v1::LogReport online = Verify({});
  EXPECT_EQ(online.problem_count(), 0);
  EXPECT_GE(online.event_count(), 4);
  EXPECT_GT(online.follower_count(), 0);
  const auto after = DealogJson<v1::GetServerInfoResponse>({"server", "info"});
  EXPECT_EQ(after.last_full_scrub_time().seconds(), online.end_time().seconds());
  EXPECT_EQ(StopServer(), 0);
  const v1::LogReport offline = Verify({folder_});
  EXPECT_EQ(offline.problem_count(), 0);
  EXPECT_EQ(offline.event_count(), online.event_count());
  EXPECT_GT(offline.follower_count(), online.follower_count()) << "the witness is compared, too";
  EXPECT_EQ(Verify({folder_ + "/log"}).problem_count(), 0);
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(
      DealogJson<v1::GetServerInfoResponse>({"server", "info"}).last_full_scrub_time().seconds(),
      online.end_time().seconds())
      << "it is remembered";
}

TEST_F(Integrity, AFlippedByteOfAnOldTableIsFoundWhileItServes) {
  Work(3);
  EXPECT_EQ(StopServer(), 0);
  ASSERT_TRUE(StartServer());  // What was in the write-ahead log is in table files now.
  Work(1);
  EXPECT_EQ(StopServer(), 0);
  // Whatever the table holds: an index that nobody asks for would serve for years.
  for (const fs::path& table : Files("log", ".sst")) {
    Flip(table, 10);
    const v1::LogReport report = Verify({folder_});
    EXPECT_GT(report.problem_count(), 0) << table;
    EXPECT_THAT(report.problems(), Contains(HasSubstr(table.filename().string())));
    Flip(table, 10);
  }
  EXPECT_EQ(Verify({folder_}).problem_count(), 0) << "put right again";
}

TEST_F(Integrity, ADamagedWriteAheadLogIsRefusedAndATornEndIsNot) {
  Work(3);
  KillServer();
  const std::vector<fs::path> logs = Files("log", ".log");
  ASSERT_EQ(logs.size(), 1u);
  const auto size = static_cast<std::streamoff>(fs::file_size(logs[0]));
  Flip(logs[0], size / 2);
  const Outcome refused = Refused();
  EXPECT_THAT(refused.err, AllOf(HasSubstr(folder_ + "/log is damaged"),
                                 HasSubstr("in a write-ahead log (" + logs[0].filename().string()),
                                 HasSubstr("restore the folder from a backup")));
  Flip(logs[0], size / 2);
  // A write that was cut off was never answered.
  std::ofstream(logs[0], std::ios::binary | std::ios::app) << "\x11\x22\x33\x44\x99\x01";
  EXPECT_TRUE(StartServer());
  EXPECT_EQ(Dealog({"pipeline", "show", "P3"}).exit_code, 0);
}

TEST_F(Integrity, ALostEndIsRefusedByTheWitness) {
  Work(1);
  const std::string older = folder_ + ".older";
  EXPECT_EQ(StopServer(), 0);
  fs::copy(folder_ + "/log", older, fs::copy_options::recursive);
  ASSERT_TRUE(StartServer());
  Work(2);
  EXPECT_EQ(StopServer(), 0);
  fs::remove_all(folder_ + "/log");
  fs::copy(older, folder_ + "/log", fs::copy_options::recursive);

  const Outcome refused = Refused();
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("ends at batch 2"), HasSubstr(folder_ + "/witness/head"),
                    HasSubstr("saw batch 4"), HasSubstr("Restore the folder from a backup")));
  const v1::LogReport report = Verify({folder_});
  EXPECT_THAT(report.problems(), Contains(HasSubstr("the head witness is at batch 4")));
  EXPECT_THAT(report.problems(), Contains(HasSubstr("the view pipelines is at batch 4")));
  EXPECT_THAT(report.problems(), Contains(HasSubstr("the audit is at batch 4")));
  EXPECT_THAT(report.problems(), Contains(HasSubstr("the tree of tenant acme")));

  // As the refusal says: the operator may go on without them. Views and trees begin anew.
  fs::remove_all(folder_ + "/witness");
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Dealog({"pipeline", "show", "P1"}).exit_code, 0);
  EXPECT_NE(Dealog({"pipeline", "show", "P3"}).exit_code, 0);
  fs::remove_all(older);
}

TEST_F(Integrity, ADamagedWitnessIsRefusedAndOneThatIsGoneIsTold) {
  EXPECT_EQ(StopServer(), 0);
  const std::string witness = folder_ + "/witness/head";
  for (const std::streamoff at : {30, 4096 + 30}) Flip(witness, at);
  const Outcome refused = Refused();
  EXPECT_THAT(refused.err, AllOf(HasSubstr(witness), HasSubstr("damaged"),
                                 HasSubstr("move the file away and start again")));
  EXPECT_THAT(Verify({folder_}).problems(), Contains(HasSubstr("neither of its two slots")));
  fs::remove(witness);
  ASSERT_TRUE(StartServer());
  std::ifstream log(log_path_);
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  EXPECT_THAT(text, AllOf(HasSubstr(witness), HasSubstr("is missing")));
}

TEST_F(Integrity, AnotherProgramsFolderIsRefused) {
  EXPECT_EQ(StopServer(), 0);
  fs::remove_all(folder_);
  fs::create_directories(folder_ + "/log");
  std::ofstream(folder_ + "/log/thesis.tex") << "years of work";
  EXPECT_THAT(Refused().err, AllOf(HasSubstr("thesis.tex"), HasSubstr("give an empty folder")));
  EXPECT_TRUE(fs::exists(folder_ + "/log/thesis.tex"));

  fs::remove_all(folder_ + "/log");
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, folder_ + "/log", &raw).ok());
    const std::unique_ptr<rocksdb::DB> database(raw);
    ASSERT_TRUE(database->Put({}, "theirs", "1").ok());
  }
  EXPECT_THAT(Refused().err,
              AllOf(HasSubstr("another program's database"), HasSubstr("give another folder")));
}

TEST_F(Integrity, ANewerFormatIsRefused) {
  EXPECT_EQ(StopServer(), 0);
  Edit([](const LogDatabase& database) {
    ASSERT_TRUE(database.db()
                    .Put({}, database.db().DefaultColumnFamily(), eventstore::kSettingsKey,
                         eventstore::EncodeSettings(eventstore::kLogFormat + 1, 1))
                    .ok());
  });
  EXPECT_THAT(Refused().err, AllOf(HasSubstr("is of format 2, expected 1"),
                                   HasSubstr("use the version that wrote it")));
}

TEST_F(Integrity, ADamagedIndexIsNamedByTheServersOwnCheck) {
  Work(1);
  EXPECT_EQ(StopServer(), 0);
  Edit([](const LogDatabase& database) {
    eventstore::PrefixRows rows(database, Family::kTypes, "");
    rows.SeekKey("");
    ASSERT_TRUE(rows.Valid());
    ASSERT_TRUE(
        database.db().Delete({}, database.family(Family::kTypes), std::string(rows.key())).ok());
  });
  ASSERT_TRUE(StartServer()) << "what a start checks is whole";
  const v1::LogReport report = Verify({});
  EXPECT_EQ(report.problem_count(), 1);
  EXPECT_THAT(report.problems(),
              Contains(AllOf(HasSubstr("family types: row "), HasSubstr("is missing"))));
  EXPECT_EQ(DealogJson<v1::GetServerInfoResponse>({"server", "info"}).scrub_problem_count(), 1);
}

TEST_F(Integrity, DamagedViewsAreMadeAnew) {
  Work(2);
  EXPECT_EQ(StopServer(), 0);
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(StopServer(), 0);
  const std::vector<fs::path> tables = Files("views", ".sst");
  ASSERT_FALSE(tables.empty());
  for (const fs::path& table : tables) Flip(table, 20);
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Dealog({"pipeline", "show", "P2"}).exit_code, 0) << "rebuilt by itself";
  EXPECT_EQ(StopServer(), 0);
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Dealog({"pipeline", "show", "P2"}).exit_code, 0);
  std::ifstream log(log_path_);
  const std::string text((std::istreambuf_iterator<char>(log)), {});
  EXPECT_THAT(text, HasSubstr("views are rebuilt"));
  EXPECT_TRUE(fs::exists(folder_ + "/views.damaged"));
  EXPECT_EQ(Verify({}).problem_count(), 0);
}

}  // namespace
}  // namespace dealog::e2e
