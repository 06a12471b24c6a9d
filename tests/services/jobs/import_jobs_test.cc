// Method: whole imports through the jobs' own interface, over a memory log; what they did is read
// back from the log. Kills are failures of the log around a write (before it: nothing happened;
// after it: it did, but nobody knows), followed by everything being made anew over what is left.

#include <atomic>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "eventstore/base/worker.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using testing::ClubFiles;
using ::testing::ElementsAre;
using testing::Files;
using ::testing::HasSubstr;

class ImportJobsTest : public testing::ImportFixture {
 protected:
  ImportJobsTest() { CreateTenant(); }
  bool SpoolIsEmpty() const {
    const std::string spool = folder_.path() + "/imports/club";
    return !std::filesystem::exists(spool) || std::filesystem::is_empty(spool);
  }
  // ClubFiles with `count` more deals in Trial.
  static Files ManyDeals(int count) {
    Files files = ClubFiles();
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&files["deals.csv"], "X", i, ",m1,Solo,,Trial,2020-02-03,,,\n");
    }
    return files;
  }
};

TEST_F(ImportJobsTest, ImportsEveryRole) {
  const v1::Import import = Import(ClubFiles());
  EXPECT_EQ(import.state(), v1::Import::COMPLETED) << import.error();
  EXPECT_EQ(import.mapping_name(), "club");
  EXPECT_EQ(import.row_count(), 11);
  EXPECT_EQ(import.rows_done(), 11);
  EXPECT_EQ(import.rows_imported(), 11);
  EXPECT_EQ(import.rows_unchanged(), 0);
  EXPECT_EQ(import.rows_rejected(), 0);
  EXPECT_EQ(import.events_written(), 14) << "11, one win, its amount and one loss";
  EXPECT_THAT(import.replacements(), ElementsAre("product: Choeur -> Chœur (2 rows)"));
  EXPECT_TRUE(import.has_start_time());
  EXPECT_TRUE(import.has_end_time());
  EXPECT_TRUE(SpoolIsEmpty());
  const auto counts = EventCounts();
  EXPECT_EQ(counts.at("PipelineCreated"), 1);
  EXPECT_EQ(counts.at("DealOpened"), 4);
  EXPECT_EQ(counts.at("DealWon"), 1);
  EXPECT_EQ(counts.at("DealAmountChanged"), 1);
}

TEST_F(ImportJobsTest, SetsWhatTheRowsSay) {
  Import(ClubFiles());
  const domain::DealState won = Deal("D1");
  EXPECT_EQ(won.stage.status, v1::Deal::WON);
  EXPECT_EQ(won.opened_at_us, 1'580'515'200'000'000) << "2020-02-01";
  EXPECT_EQ(won.stage.closed_at_us, 1'583'020'800'000'000) << "2020-03-01";
  ASSERT_TRUE(won.amount.value);
  EXPECT_EQ(won.amount.value->amount_minor(), 12'000);
  EXPECT_EQ(won.amount.occurred_at_us, *won.stage.closed_at_us);
  EXPECT_EQ(won.external_key, "D1");
  EXPECT_NE(won.organization_id.value, "");
  const domain::DealState lost = Deal("D2");
  EXPECT_EQ(lost.stage.status, v1::Deal::LOST);
  EXPECT_EQ(lost.stage.lost_reason, "trop cher");
  EXPECT_FALSE(lost.amount.value) << "unset, not 0";
  const domain::DealState open = Deal("D3");
  EXPECT_EQ(open.stage.status, v1::Deal::OPEN);
  EXPECT_EQ(open.organization_id.value, "") << "a blank cell is none";
  EXPECT_EQ(Deal("D4").opened_at_us, 1'577'836'800'000'000) << "undated: reference_at";
}

TEST_F(ImportJobsTest, StampsWhoAndWhy) {
  const v1::Import import = Import(ClubFiles());
  for (const commands::ParsedEvent& event : Events()) {
    if (event.header.stream().type() == "tenant") continue;
    EXPECT_EQ(event.header.actor().principal(), "user:ada");
    EXPECT_EQ(event.header.via(), storage::v1::VIA_IMPORT);
    EXPECT_EQ(event.header.override_reason(), "historical import club");
    EXPECT_TRUE(event.header.suppress_workflows());
    EXPECT_EQ(event.header.correlation_id(), import.import_id());
  }
}

TEST_F(ImportJobsTest, TheMappingMayKeepRulesAndWorkflows) {
  Files files = ClubFiles();
  const std::string strict = absl::StrReplaceAll(
      testing::kClubMapping,
      {{"reference_at", "enforce_rules = true\nsuppress_workflows = false\nreference_at"}});
  EXPECT_EQ(Import(files, Header(strict)).state(), v1::Import::COMPLETED);
  for (const commands::ParsedEvent& event : Events()) {
    EXPECT_EQ(event.header.override_reason(), "");
    EXPECT_FALSE(event.header.suppress_workflows());
  }
}

TEST_F(ImportJobsTest, UndatedRowsTakeTheDayThatTheCallerNames) {
  v1::ImportHeader header = Header();
  header.set_undated_date("2020-06-15");
  Import(ClubFiles(), header);
  EXPECT_EQ(Deal("D4").opened_at_us, 1'592'179'200'000'000);
}

TEST_F(ImportJobsTest, ABareUndatedDayIsInTheTenantsZone) {
  disk_ = std::make_shared<eventstore::MemoryDisk>(1);
  Reopen();
  CreateTenant("Europe/Paris");
  v1::ImportHeader header = Header();
  header.set_undated_date("2020-06-15");
  Import(ClubFiles(), header);
  EXPECT_EQ(Deal("D4").opened_at_us, 1'592'172'000'000'000) << "22:00 UTC the day before";
}

TEST_F(ImportJobsTest, RejectsAnUndatedDayThatIsNone) {
  v1::ImportHeader header = Header();
  header.set_undated_date("2017-02-30");
  const auto started = Start(header, ClubFiles());
  EXPECT_EQ(base::ReasonOf(started.status()), "FIELD_INVALID");
}

TEST_F(ImportJobsTest, TheSameFilesAgainChangeNothing) {
  const v1::Import first = Import(ClubFiles());
  const auto counts = EventCounts();
  const v1::Import second = Import(ClubFiles());
  EXPECT_EQ(second.state(), v1::Import::COMPLETED);
  EXPECT_NE(second.import_id(), first.import_id());
  EXPECT_EQ(second.rows_unchanged(), 11);
  EXPECT_EQ(second.rows_imported(), 0);
  EXPECT_EQ(second.events_written(), 0);
  EXPECT_EQ(EventCounts(), counts);
}

TEST_F(ImportJobsTest, RejectedRowsNeverStopTheOthers) {
  Files files = ClubFiles();
  files["deals.csv"] +=
      "D5,m9,Solo,,Trial,2020-02-03,,,\n"
      "D6,m1,Flute,,Trial,2020-02-03,,,\n"
      "D7,m1,Solo,Lycée Z,Trial,2020-02-03,,,\n"
      "D8,m1,Solo,,Trial,2999-02-03,,,\n"
      "D1,m1,Solo,,Trial,2020-02-03,,,\n"
      "D9,m1,Solo\n"
      "D10,m1,Solo,,Trial,2020-02-03,,,\n";
  const v1::Import import = Import(files);
  EXPECT_EQ(import.state(), v1::Import::COMPLETED);
  EXPECT_EQ(import.rows_rejected(), 6);
  EXPECT_EQ(import.rows_imported(), 12);
  std::vector<std::string> rejected;
  for (const auto& row : import.rejected()) {
    EXPECT_EQ(row.file(), "deals.csv");
    EXPECT_NE(row.message(), "");
    rejected.push_back(absl::StrCat(row.line(), " ", row.key(), " ", row.reason()));
  }
  EXPECT_THAT(rejected, ElementsAre("6 D5 MEMBER_NOT_FOUND", "7 D6 PRODUCT_NOT_FOUND",
                                    "8 D7 ORGANIZATION_NOT_FOUND", "9 D8 OCCURRED_IN_FUTURE",
                                    "10 D1 KEY_DUPLICATE", "11 D9 ROW_TRUNCATED"));
  EXPECT_EQ(Deal("D10").stage.status, v1::Deal::OPEN);
  EXPECT_EQ(Deal("D5").revision, 0u);
}

TEST_F(ImportJobsTest, ADryRunReportsAndWritesNothing) {
  const uint64_t head = Head();
  Files files = ClubFiles();
  files["deals.csv"] += "D5,m9,Solo,,Trial,2020-02-03,,,\n";
  v1::ImportHeader header = Header();
  header.set_dry_run(true);
  const auto report = Start(header, files);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->state(), v1::Import::COMPLETED);
  EXPECT_TRUE(report->dry_run());
  EXPECT_EQ(report->row_count(), 12);
  EXPECT_EQ(report->rows_imported(), 11);
  EXPECT_EQ(report->rows_rejected(), 1);
  EXPECT_EQ(report->rejected(0).reason(), "MEMBER_NOT_FOUND");
  EXPECT_THAT(report->replacements(), ElementsAre("product: Choeur -> Chœur (2 rows)"));
  EXPECT_EQ(Head(), head);
  EXPECT_TRUE(SpoolIsEmpty());
}

TEST_F(ImportJobsTest, ADryRunKnowsWhatIsThere) {
  Import(ClubFiles());
  v1::ImportHeader header = Header();
  header.set_dry_run(true);
  EXPECT_EQ(Start(header, ClubFiles())->rows_unchanged(), 11);
}

TEST_F(ImportJobsTest, RefusesFaultsOfAWholeFile) {
  Files files = ClubFiles();
  files["deals.csv"] = "ref,seller\n";
  const uint64_t head = Head();
  const auto started = Start(Header(), files);
  EXPECT_EQ(base::ReasonOf(started.status()), "IMPORT_INVALID");
  EXPECT_THAT(std::string(started.status().message()), HasSubstr("deals.csv, column"));
  EXPECT_EQ(Head(), head);
  EXPECT_TRUE(SpoolIsEmpty());
}

TEST_F(ImportJobsTest, RefusesAFileThatTheMappingDoesNotName) {
  const auto started = Start(Header(), {{"../../etc/passwd", "x"}});
  EXPECT_EQ(base::ReasonOf(started.status()), "IMPORT_INVALID");
  EXPECT_TRUE(SpoolIsEmpty()) << "an upload that is given up is removed";
}

TEST_F(ImportJobsTest, RefusesMoreThanTheLimit) {
  upload_bytes_max_ = 100;
  Reopen();
  const auto started = Start(Header(), ClubFiles());
  EXPECT_EQ(base::ReasonOf(started.status()), "LIMIT_EXCEEDED");
}

TEST_F(ImportJobsTest, RefusesAMissingTenantAndABadMapping) {
  EXPECT_EQ(base::ReasonOf(jobs_->Open({"nobody"}, "user:ada", Header()).status()),
            "TENANT_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(jobs_->Open(testing::kClub, "user:ada", Header("name = 3")).status()),
            "IMPORT_INVALID");
  const std::string huge(kMappingBytesMax + 1, '#');
  EXPECT_EQ(base::ReasonOf(jobs_->Open(testing::kClub, "user:ada", Header(huge)).status()),
            "FIELD_INVALID");
}

TEST_F(ImportJobsTest, UsesAPipelineOfThatNameIfItHasTheStages) {
  v1::CreatePipelineRequest request;
  request.set_display_name("club");
  const auto add = [&request](const std::string& label, v1::Stage::Kind kind) {
    request.add_stages()->set_label(label);
    request.mutable_stages()->rbegin()->set_kind(kind);
  };
  add("Prospect", v1::Stage::OPEN);
  add("Trial", v1::Stage::OPEN);
  add("Enrolled", v1::Stage::WON);
  add("Lost", v1::Stage::LOST);
  ASSERT_TRUE(Run(request).ok());
  const v1::Import import = Import(ClubFiles());
  EXPECT_EQ(import.rows_rejected(), 0);
  EXPECT_EQ(EventCounts().at("PipelineCreated"), 1);
}

TEST_F(ImportJobsTest, RefusesAPipelineOfThatNameWithoutTheStages) {
  v1::CreatePipelineRequest request;
  request.set_display_name("Club");
  for (const auto kind : {v1::Stage::OPEN, v1::Stage::WON, v1::Stage::LOST}) {
    request.add_stages()->set_label(v1::Stage::Kind_Name(kind));
    request.mutable_stages()->rbegin()->set_kind(kind);
  }
  ASSERT_TRUE(Run(request).ok());
  const auto started = Start(Header(), ClubFiles());
  EXPECT_EQ(base::ReasonOf(started.status()), "PIPELINE_INVALID");
  EXPECT_THAT(std::string(started.status().message()), HasSubstr("\"Prospect\" of kind OPEN"));
  EXPECT_TRUE(SpoolIsEmpty());
}

TEST_F(ImportJobsTest, TheSameFilesAtOnceAreRefused) {
  dealog::testing::Gate gate;
  gate.Shut();
  log_->before_append = [&gate](dealog::testing::HookedLog::Commits) {
    gate.Pass();
    return absl::OkStatus();
  };
  auto upload = jobs_->Open(testing::kClub, "user:ada", Header());
  testing::Reply first;
  for (const auto& [name, bytes] : ClubFiles()) {
    v1::ImportChunk chunk;
    chunk.set_file(name);
    chunk.set_data(bytes);
    ASSERT_TRUE((*upload)->Add(chunk).ok());
  }
  jobs_->Start(*std::move(upload), first.done());
  gate.AwaitVisitor();
  const auto second = Start(Header(), ClubFiles());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(base::ReasonOf(second.status()), "IMPORT_RUNNING");
  gate.Open();
  const auto started = first.Wait();
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(started->import_id()));
  EXPECT_EQ(End(started->import_id()).rows_imported(), 11);
}

TEST_F(ImportJobsTest, ACancelledImportKeepsItsRowsAndCanBeRunAgain) {
  rows_per_commit_ = 1;
  Reopen();
  dealog::testing::Gate gate;
  int appends = 0;
  log_->before_append = [&](dealog::testing::HookedLog::Commits) {
    if (++appends == 3) gate.Shut();
    gate.Pass();
    return absl::OkStatus();
  };
  const Files files = ManyDeals(200);
  const auto started = Start(Header(), files);
  ASSERT_TRUE(started.ok()) << started.status();
  gate.AwaitVisitor();
  testing::Reply reply;
  jobs_->Cancel(testing::kClub, "user:bo", started->import_id(), reply.done());
  gate.Open();
  const auto cancelled = reply.Wait();
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::Import::FAILED);
  EXPECT_EQ(cancelled->error(), "cancelled by user:bo");
  EXPECT_LT(cancelled->rows_done(), 211);
  EXPECT_EQ(Events().back().header.actor().principal(), "user:bo");
  testing::Reply again;
  jobs_->Cancel(testing::kClub, "user:bo", started->import_id(), again.done());
  EXPECT_EQ(again.Wait()->state(), v1::Import::FAILED) << "as it ended";
  const v1::Import second = Import(files);
  EXPECT_EQ(second.state(), v1::Import::COMPLETED);
  EXPECT_EQ(second.rows_unchanged(), cancelled->rows_imported());
  EXPECT_EQ(EventCounts().at("DealOpened"), 204);
}

TEST_F(ImportJobsTest, AnOverloadedServerOnlyDelays) {
  rows_per_commit_ = 4;
  Reopen();
  int refused = 0;
  log_->refuse = [&refused](const eventstore::NewCommit& commit) {
    const bool chunk = commit.subject.type == "import" && commit.events.size() > 4;
    if (!chunk || ++refused > 3) return absl::OkStatus();
    return static_cast<absl::Status>(
        base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED", "busy"));
  };
  const v1::Import import = Import(ManyDeals(50));
  EXPECT_EQ(import.state(), v1::Import::COMPLETED) << import.error();
  EXPECT_EQ(import.rows_imported(), 61);
  EXPECT_EQ(EventCounts().at("DealOpened"), 54);
  EXPECT_GT(refused, 3);
}

TEST_F(ImportJobsTest, AnErrorThatWaitingDoesNotCureEndsTheJob) {
  log_->refuse = [](const eventstore::NewCommit& commit) {
    if (commit.events.size() < 5) return absl::OkStatus();
    return static_cast<absl::Status>(
        base::Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED", "no more events"));
  };
  const v1::Import import = Import(ClubFiles());
  EXPECT_EQ(import.state(), v1::Import::FAILED);
  EXPECT_THAT(import.error(), HasSubstr("no more events"));
  log_->refuse = {};
  EXPECT_EQ(Import(ClubFiles()).rows_imported(), 11);
}

TEST_F(ImportJobsTest, TheSameFilesGoOnWithAJobThatCouldNotEvenFail) {
  std::atomic<int> commits = 0;
  std::atomic<bool> full = true;
  log_->refuse = [&](const eventstore::NewCommit&) {
    if (++commits == 1 || !full) return absl::OkStatus();  // The first is ImportStarted.
    return static_cast<absl::Status>(
        base::Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED", "no more events"));
  };
  const auto stuck = Start(Header(), ClubFiles());
  ASSERT_TRUE(stuck.ok()) << stuck.status();
  while (commits < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  full = false;
  absl::StatusOr<v1::Import> again = Start(Header(), ClubFiles());
  while (base::ReasonOf(again.status()) == "IMPORT_RUNNING") again = Start(Header(), ClubFiles());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->import_id(), stuck->import_id());
  const v1::Import import = End(stuck->import_id());
  EXPECT_EQ(import.state(), v1::Import::COMPLETED) << import.error();
  EXPECT_EQ(import.rows_imported(), 11);
}

TEST_F(ImportJobsTest, GetRefusesWhatIsNoImport) {
  EXPECT_EQ(base::ReasonOf(jobs_->Get(testing::kClub, "import_x").status()), "IMPORT_NOT_FOUND");
  const std::string unknown = base::FormatId("import", base::MakeUuid7(0));
  EXPECT_EQ(base::ReasonOf(jobs_->Get(testing::kClub, unknown).status()), "IMPORT_NOT_FOUND");
  testing::Reply reply;
  jobs_->Cancel(testing::kClub, "user:ada", unknown, reply.done());
  EXPECT_EQ(base::ReasonOf(reply.Wait().status()), "IMPORT_NOT_FOUND");
}

// Kills at the n-th write of an import of 9 rows of deals and 7 others, 3 per commit.
class ImportKillTest : public ImportJobsTest, public ::testing::WithParamInterface<bool> {
 protected:
  ImportKillTest() {
    rows_per_commit_ = 3;
    Reopen();
  }
  bool IsRunning(const std::string& import_id) {
    return jobs_->Get(testing::kClub, import_id)->state() == v1::Import::RUNNING;
  }
  static absl::Status Killed() {
    return base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "killed");
  }
};

TEST_P(ImportKillTest, LosesAndDoublesNothing) {
  const Files files = ManyDeals(5);
  int killed = 0;
  for (int at = 1;; ++at) {
    disk_ = std::make_shared<eventstore::MemoryDisk>(1);
    Reopen();
    CreateTenant();
    std::atomic<int> appends = 0;
    const auto kill = [&appends, at](dealog::testing::HookedLog::Commits) {
      return ++appends >= at ? Killed() : absl::OkStatus();
    };
    (GetParam() ? log_->after_append : log_->before_append) = kill;
    const auto started = Start(Header(), files);
    // With the server's end, the process: everything is made anew over the log and the spool.
    if (started.ok()) {
      while (appends < at && IsRunning(started->import_id())) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    const bool was_killed = appends >= at;
    Reopen();
    ASSERT_TRUE(jobs_->Resume().ok());
    std::string import_id;
    for (const commands::ParsedEvent& event : Events()) {
      if (event.event.import().has_import_started()) import_id = event.header.stream().id();
    }
    const v1::Import import = import_id.empty() ? Import(files) : End(import_id);
    EXPECT_EQ(import.state(), v1::Import::COMPLETED) << import.error() << " killed at " << at;
    EXPECT_EQ(import.rows_done(), 16);
    EXPECT_EQ(import.rows_imported(), 16) << "killed at " << at;
    EXPECT_EQ(import.events_written(), 19) << "killed at " << at;
    EXPECT_THAT(import.replacements(), ElementsAre("product: Choeur -> Chœur (2 rows)"));
    EXPECT_EQ(EventCounts().at("DealOpened"), 9) << "killed at " << at;
    EXPECT_EQ(EventCounts().at("DealWon"), 1);
    EXPECT_EQ(EventCounts().at("PipelineCreated"), 1);
    for (int i = 0; i < 2000 && !SpoolIsEmpty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(SpoolIsEmpty());
    if (!was_killed) break;
    ++killed;
  }
  EXPECT_GE(killed, 3) << "the start, some rows and the end were all tried";
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfterTheWrite, ImportKillTest, ::testing::Bool());

TEST_F(ImportJobsTest, StopLeavesTheJobForTheNextStart) {
  rows_per_commit_ = 1;
  Reopen();
  dealog::testing::Gate gate;
  int appends = 0;
  log_->before_append = [&](dealog::testing::HookedLog::Commits) {
    if (++appends == 3) gate.Shut();
    gate.Pass();
    return absl::OkStatus();
  };
  const auto started = Start(Header(), ManyDeals(50));
  gate.AwaitVisitor();
  base::Worker stopper("stopper", [this] { jobs_->Stop(); });
  // The same input is refused as running until the stop has begun; only then the job goes on.
  std::string refusal;
  for (int i = 0; i < 10'000 && refusal != "NOT_READY"; ++i) {
    refusal = base::ReasonOf(Start(Header(), ManyDeals(50)).status());
  }
  EXPECT_EQ(refusal, "NOT_READY");
  gate.Open();
  stopper.Join();
  EXPECT_FALSE(SpoolIsEmpty());
  Reopen();
  ASSERT_TRUE(jobs_->Resume().ok());
  const v1::Import import = End(started->import_id());
  EXPECT_EQ(import.state(), v1::Import::COMPLETED);
  EXPECT_EQ(import.rows_imported(), 61);
  EXPECT_EQ(EventCounts().at("DealOpened"), 54);
}

TEST_F(ImportJobsTest, ResumeRemovesWhatNoJobOwns) {
  const std::string spool = folder_.path() + "/imports/club/";
  std::filesystem::create_directories(spool + "upload-u_1");
  std::filesystem::create_directories(spool + "import_0000000000000000000000000a");
  ASSERT_TRUE(jobs_->Resume().ok());
  EXPECT_TRUE(SpoolIsEmpty());
}

}  // namespace
}  // namespace dealog::jobs
