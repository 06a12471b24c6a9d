// Method: a pipeline with deals, the real views over a memory log; a stage is retired and the job
// started, stopped and started again around failures of the log. What happened is read from the
// log. Deals come by an import, because that is the quickest way to many.

#include "services/jobs/retirement_job.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/rocksdb/view_store.h"
#include "projections/views/registry.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using testing::ClubFiles;
using testing::Files;

constexpr int kDeals = 250;

class RetirementTest : public testing::ImportFixture {
 protected:
  RetirementTest() {
    CreateTenant();
    Files files = ClubFiles();
    for (int i = 0; i < kDeals; ++i) {
      absl::StrAppend(&files["deals.csv"], "X", i, ",m1,Solo,,Trial,2020-02-03,,,\n");
    }
    EXPECT_EQ(Import(files).rows_rejected(), 0);
    StartViews();
  }
  ~RetirementTest() override { StopViews(); }

  void StartViews() {
    auto store = projections::OpenViewStore(folder_.path() + "/views");
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    runner_ = projections::StartRunner(*log_, *store_, projections::AllViews(), {});
  }
  void StopViews() {
    retirements_.reset();
    if (runner_ != nullptr) runner_->Stop();
    runner_.reset();
    store_.reset();
  }
  void StartJob() {
    retirements_ =
        StartRetirementJobs(*log_, *sequencers_, *runner_,
                            {.deals_per_commit = 100, .retry_delay = absl::Milliseconds(5)});
  }
  absl::Status Retire(const std::string& stage, const std::string& replacement) {
    v1::RetireStageRequest request;
    request.set_pipeline("Club");
    request.set_stage(stage);
    request.set_replacement_stage(replacement);
    return Run(request).status();
  }
  std::map<std::string, int> Counts() { return EventCounts(); }
  void AwaitRetired(int stages = 1) {
    while (Counts()["StageRetired"] < stages) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  // Of each commit that moved deals, how many.
  std::vector<int> MovesPerCommit() {
    std::map<int64_t, int> moves;  // By recorded_at, which is a commit's own.
    for (const commands::ParsedEvent& event : Events()) {
      if (event.header.type() == "DealStageMoved") ++moves[event.header.recorded_at_us()];
    }
    std::vector<int> sizes;
    for (const auto& [at, count] : moves) sizes.push_back(count);
    return sizes;
  }

  std::unique_ptr<projections::ViewStore> store_;
  std::unique_ptr<projections::Runner> runner_;
  std::unique_ptr<RetirementJobs> retirements_;
};

TEST_F(RetirementTest, MovesEveryDealInBoundedCommits) {
  StartJob();
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  AwaitRetired();
  EXPECT_THAT(MovesPerCommit(), ::testing::ElementsAre(100, 100, 51)) << "D3 was there too";
  for (const commands::ParsedEvent& event : Events()) {
    if (event.header.type() != "DealStageMoved") continue;
    EXPECT_EQ(event.event.deal().deal_stage_moved().cause(), events::v1::MOVE_CAUSE_STAGE_RETIRED);
    EXPECT_EQ(event.header.actor().principal(), "system:retirement");
    EXPECT_EQ(event.header.actor().on_behalf_of(), "user:ada");
    EXPECT_EQ(event.header.via(), storage::v1::VIA_SYSTEM);
    EXPECT_NE(event.header.causation_position(), 0u);
  }
  EXPECT_EQ(Events().back().header.type(), "StageRetired");
}

TEST_F(RetirementTest, GoesOnWithWhatItFindsAtTheStart) {
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  StartJob();
  AwaitRetired();
  EXPECT_EQ(Counts()["DealStageMoved"], kDeals + 1);
}

TEST_F(RetirementTest, ResumesHalfWayAfterAKill) {
  std::atomic<int> moves = 0;
  log_->after_append = [&moves](dealog::testing::HookedLog::Commits commits) {
    const bool kills = commits.front().events.front().type == "DealStageMoved" && ++moves == 2;
    return kills ? static_cast<absl::Status>(
                       base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "killed"))
                 : absl::OkStatus();
  };
  StartJob();
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  while (moves < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  StopViews();
  Reopen();
  EXPECT_EQ(Counts()["DealStageMoved"], 200);
  EXPECT_EQ(Counts()["StageRetired"], 0);
  StartViews();
  StartJob();
  AwaitRetired();
  EXPECT_EQ(Counts()["DealStageMoved"], kDeals + 1) << "none lost, none moved twice";
}

TEST_F(RetirementTest, TriesAgainWhenTheServerIsBusy) {
  std::atomic<int> refused = 0;
  log_->refuse = [&refused](const eventstore::NewCommit& commit) {
    if (commit.events.front().type != "DealStageMoved" || ++refused > 2) return absl::OkStatus();
    return static_cast<absl::Status>(
        base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED", "busy"));
  };
  StartJob();
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  AwaitRetired();
  EXPECT_EQ(Counts()["DealStageMoved"], kDeals + 1);
  EXPECT_GT(refused, 2);
}

// What the log would not say meanwhile is found in the views.
TEST_F(RetirementTest, FindsWhatWasOrderedWhileTheLogCouldNotBeRead) {
  std::atomic<bool> broken = false;
  log_->before_follow = [&broken] {
    return broken ? absl::UnavailableError("not now") : absl::OkStatus();
  };
  StopViews();
  StartViews();  // Reads by the hook, too.
  StartJob();
  broken = true;
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(Counts()["StageRetired"], 0);
  broken = false;
  AwaitRetired();
  EXPECT_EQ(Counts()["DealStageMoved"], kDeals + 1);
}

TEST_F(RetirementTest, AnEmptyStageIsRetiredAtOnce) {
  v1::AddStageRequest request;
  request.set_pipeline("Club");
  request.mutable_stage()->set_label("Empty");
  request.mutable_stage()->set_kind(v1::Stage::OPEN);
  ASSERT_TRUE(Run(request).ok());
  StartJob();
  ASSERT_TRUE(Retire("Empty", "Trial").ok());
  AwaitRetired();
  EXPECT_EQ(Counts()["DealStageMoved"], 0);
}

TEST_F(RetirementTest, AnImportWhoseFilesAreGoneIsEnded) {
  log_->after_append = [](dealog::testing::HookedLog::Commits) {
    return static_cast<absl::Status>(
        base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "killed"));
  };
  Files files = ClubFiles();
  files["people.csv"] += "p2,Dan,,\n";
  EXPECT_EQ(base::ReasonOf(Start(Header(), files).status()), "OUTCOME_UNKNOWN");
  StopViews();
  Reopen();
  std::filesystem::remove_all(folder_.path() + "/imports");
  StartViews();
  jobs_ = MakeJobs(runner_.get());
  ASSERT_TRUE(jobs_->Resume().ok());
  const v1::Import import = End(Events().back().header.stream().id());
  EXPECT_EQ(import.state(), v1::Import::FAILED);
  EXPECT_EQ(import.error(), "its uploaded files are gone; import them again");
  jobs_.reset();
}

TEST_F(RetirementTest, IsIdleOnceNothingIsLeft) {
  StartJob();
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  AwaitRetired();
  for (int i = 0; i < 5000 && !retirements_->idle(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(retirements_->idle());
  const uint64_t head = Head();
  retirements_->Stop();
  EXPECT_EQ(Head(), head);
}

}  // namespace
}  // namespace dealog::jobs
