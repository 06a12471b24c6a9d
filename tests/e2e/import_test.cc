// Method: small folders of CSV files through `dealog import`: bad rows, bad mappings, rows mended
// afterwards, and a server that dies while it imports.

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dealog/v1/board.pb.h"
#include "dealog/v1/imports.pb.h"
#include "dealog/v1/log.pb.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

constexpr char kMapping[] = R"(
name = "small"
reference_at = 2024-01-01
time_zone = "UTC"
[pipeline]
name = "Small"
stages = [
  { label = "Engaging", kind = "OPEN" },
  { label = "Won", kind = "WON" },
  { label = "Lost", kind = "LOST" },
]
[members]
file = "members.csv"
key = "name"
[members.fields]
display_name = "name"
[deals]
file = "deals.csv"
key = "id"
[deals.fields]
title = "id"
owner = "owner"
[deals.stage]
column = "stage"
opens_in = "Engaging"
undated_opens_in = "Engaging"
[deals.dates]
opened_at = "opened"
closed_at = "closed"
[deals.amount]
column = "amount"
currency = "USD"
set_at = "won"
)";
// Rows that refer to members and products which no import made.
constexpr char kMappingOfDeals[] = R"(
name = "referring"
reference_at = 2024-01-01
[pipeline]
name = "Small"
stages = [
  { label = "Engaging", kind = "OPEN" },
  { label = "Won", kind = "WON" },
  { label = "Lost", kind = "LOST" },
]
[deals]
file = "deals.csv"
key = "id"
[deals.fields]
title = "id"
owner = "owner"
product = "product"
[deals.stage]
column = "stage"
[deals.dates]
opened_at = "opened"
closed_at = "closed"
)";
constexpr char kHeader[] = "id,owner,stage,opened,closed,amount\n";
constexpr int kManyRows = 20'000;

class Import : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant();
    input_ = folder_ + ".input";
    std::filesystem::create_directories(input_);
    Write("mapping.toml", kMapping);
    Write("members.csv", "name\nAda\nBob\n");
  }
  void TearDown() override {
    std::error_code error;
    std::filesystem::remove_all(input_, error);
    Installation::TearDown();
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(input_ + "/" + name, std::ios::binary) << text;
  }
  std::vector<std::string> Command() const {
    return {"import", "--mapping", input_ + "/mapping.toml", input_};
  }
  int64_t Opened() const {
    const auto events =
        DealogJson<v1::ReadLogResponse>({"log", "read", "--type", "DealOpened", "--limit", "0"});
    return events.events_size();
  }

  std::string input_;
};

TEST_F(Import, ReportsBadRowsAndKeepsTheOthers) {
  Write("deals.csv",
        absl::StrCat(kHeader, "A,Ada,Won,2024-02-01,2024-03-01,10\n",
                     "B,Ada,Won,2024-02-30,2024-03-01,10\n", "C,Ada,Lost,2024-03-01,2024-02-01,\n",
                     "D,Eve,Engaging,2024-02-01,,\n", "E,Ada,Won,2024-02-01,,10\n",
                     "F,Bob,Engaging,2024-02-01,,\n", "A,Bob,Engaging,2024-02-01,,\n"));
  const auto reply = DealogJson<v1::GetImportResponse>(Command());
  EXPECT_EQ(reply.import().state(), v1::Import::COMPLETED);
  EXPECT_EQ(reply.import().rows_rejected(), 5);
  ASSERT_EQ(reply.import().rejected_size(), 5);
  EXPECT_EQ(reply.import().rejected(0).key(), "B");
  EXPECT_EQ(reply.import().rejected(0).line(), 3);
  EXPECT_NE(reply.import().rejected(0).message().find("2024-02-30"), std::string::npos);
  EXPECT_EQ(Opened(), 2);
  // For people: the report on stdout, the warning on stderr, and still success.
  const Outcome text = Dealog(Command());
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("2024-02-30"), std::string::npos) << text.out;
  EXPECT_NE(text.err.find("warning: 5 rows were rejected"), std::string::npos) << text.err;
}

TEST_F(Import, LoadsMendedRowsOnly) {
  Write("deals.csv", absl::StrCat(kHeader, "A,Ada,Won,2024-02-01,2024-03-01,10\n",
                                  "B,Ada,Won,2024-02-30,2024-03-01,10\n"));
  DealogJson<v1::GetImportResponse>(Command());
  EXPECT_EQ(Opened(), 1);
  Write("deals.csv", absl::StrCat(kHeader, "A,Ada,Won,2024-02-01,2024-03-01,10\n",
                                  "B,Ada,Won,2024-02-28,2024-03-01,10\n"));
  const auto again = DealogJson<v1::GetImportResponse>(Command());
  EXPECT_EQ(again.import().rows_imported(), 1);
  EXPECT_EQ(again.import().rows_rejected(), 0);
  EXPECT_EQ(Opened(), 2);
}

// Through the server's own wiring: what rows refer to was made by commands, before the import, so
// the dry run finds it only if it hashes names as the server does.
TEST_F(Import, ADryRunReportsWhatTheImportThenDoes) {
  for (const char* name : {"Ada", "Bob"}) Must({"member", "upsert", name});
  Must({"product", "upsert", "Lessons"});
  Write("mapping.toml", kMappingOfDeals);
  Write("deals.csv",
        "id,owner,product,stage,opened,closed\n"
        "A,Ada,Lessons,Engaging,2024-02-01,\n"
        "B,Bob,,Engaging,2024-02-02,\n"
        "C,Eve,Lessons,Engaging,2024-02-03,\n"
        "D,Ada,Voices,Engaging,2024-02-04,\n");
  std::vector<std::string> dry = Command();
  dry.push_back("--dry-run");
  const v1::Import tried = DealogJson<v1::GetImportResponse>(dry).import();
  EXPECT_TRUE(tried.dry_run());
  EXPECT_EQ(Opened(), 0);
  const v1::Import done = DealogJson<v1::GetImportResponse>(Command()).import();
  EXPECT_EQ(Opened(), 2);

  EXPECT_EQ(done.rows_imported(), 2);
  EXPECT_EQ(tried.rows_imported(), done.rows_imported());
  EXPECT_EQ(tried.rows_unchanged(), done.rows_unchanged());
  ASSERT_EQ(done.rejected_size(), 2);
  ASSERT_EQ(tried.rejected_size(), 2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(tried.rejected(i).SerializeAsString(), done.rejected(i).SerializeAsString())
        << tried.rejected(i).ShortDebugString() << "\n"
        << done.rejected(i).ShortDebugString();
  }
  // And over what that import made.
  EXPECT_EQ(DealogJson<v1::GetImportResponse>(dry).import().rows_unchanged(), 2);
}

TEST_F(Import, RefusesWhatCannotBeRead) {
  Write("deals.csv", absl::StrCat(kHeader, "A,Ada,Won,2024-02-01,2024-03-01,10\n"));
  Write("mapping.toml", "name = \"deals.csv\"\n[deals\n");
  const Outcome mapping = Dealog(Command());
  EXPECT_EQ(mapping.err.rfind("error: IMPORT_INVALID: ", 0), 0u) << mapping.err;
  EXPECT_GE(mapping.exit_code, 10);

  Write("mapping.toml", kMapping);
  Write("deals.csv", "id,owner\nA,Ada\n");
  const Outcome columns = Dealog(Command());
  EXPECT_NE(columns.exit_code, 0);
  EXPECT_NE(columns.err.find("error: "), std::string::npos) << columns.err;

  std::filesystem::remove(input_ + "/deals.csv");
  const Outcome missing = Dealog(Command());
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_NE(missing.err.find("deals.csv"), std::string::npos) << missing.err;
  EXPECT_EQ(Opened(), 0);
}

TEST_F(Import, GoesOnAfterTheServerWasKilled) {
  std::string rows = kHeader;
  for (int i = 0; i < kManyRows; ++i) {
    absl::StrAppend(&rows, "D", i, ",Ada,", i % 2 == 0 ? "Won" : "Lost", ",2024-02-01,2024-03-01,",
                    i % 2 == 0 ? "10" : "", "\n");
  }
  Write("deals.csv", rows);
  {
    std::vector<std::string> command = {ProgramPath("dealog"), "--server", address_, "--tenant",
                                        "acme"};
    const std::vector<std::string> rest = Command();
    command.insert(command.end(), rest.begin(), rest.end());
    Process import(command, log_path_);
    // Wait until some rows are in and kill the server there.
    for (int i = 0; i < 500; ++i) {
      const auto list = DealogJson<v1::ListImportsResponse>({"import", "list"});
      if (list.imports_size() > 0 && list.imports(0).rows_done() > 0) break;
      usleep(2000);
    }
    KillServer();
    EXPECT_EQ(import.Wait(30), 24) << "the client reports UNAVAILABLE";
  }
  ASSERT_TRUE(StartServer());
  const auto reply = DealogJson<v1::GetImportResponse>(Command());
  EXPECT_EQ(reply.import().state(), v1::Import::COMPLETED) << reply.import().error();
  EXPECT_EQ(reply.import().rows_rejected(), 0);
  EXPECT_EQ(Opened(), kManyRows);
  const auto board = DealogJson<v1::GetBoardResponse>({"board", "--pipeline", "Small"});
  EXPECT_EQ(board.columns(1).count(), kManyRows / 2);
  EXPECT_EQ(board.columns(2).count(), kManyRows / 2);
}

}  // namespace
}  // namespace dealog::e2e
