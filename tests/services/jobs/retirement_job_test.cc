// Method: a pipeline with deals, the real views over a memory log; a stage is retired and the job
// started, stopped and started again around failures of the log. What happened is read from the
// log. Deals come by an import, because that is the quickest way to many.

#include "services/jobs/retirement_job.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "projections/rocksdb/view_store.h"
#include "projections/views/registry.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using testing::ClubFiles;
using testing::Files;

constexpr int kDeals = 250;
constexpr int kDealField = events::v1::Event::kDealFieldNumber;

// A serialised field of bytes.
std::string FieldOf(int number, const std::string& value) {
  std::string bytes;
  for (uint32_t tag = static_cast<uint32_t>(number) << 3 | 2; tag != 0; tag >>= 7) {
    bytes += static_cast<char>((tag & 0x7f) | (tag >= 0x80 ? 0x80 : 0));
  }
  return bytes + static_cast<char>(value.size()) + value;
}

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
    retirements_ = StartRetirementJobs(*log_, *sequencers_, *runner_,
                                       {.deals_per_commit = 100,
                                        .retry_delay = absl::Milliseconds(5),
                                        .refused_delay = absl::Milliseconds(20),
                                        .on_error = [this](const absl::Status& status) {
                                          base::MutexLock lock(mu_);
                                          reasons_.insert(base::ReasonOf(status));
                                        }});
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

  std::set<std::string> reasons() {
    base::MutexLock lock(mu_);
    return reasons_;
  }
  // An event of a kind that no build has, into a stream that is there: a newer release's.
  void AppendFromTheFuture(const std::string& type, const std::string& id,
                           const std::string& payload) {
    eventstore::NewCommit commit;
    commit.tenant = testing::kClub;
    commit.recorded_at_us = base::SystemClock().NowMicros();
    commit.origin.principal = "user:newer";
    eventstore::NewEvent event;
    event.stream = {type, id};
    event.type = "FromTheFuture";
    event.event_id = base::UuidBytes(base::DeriveUuid7(1, id));
    event.payload = payload;
    commit.events.push_back(std::move(event));
    const eventstore::PartitionId partition = log_->PartitionOf(commit.tenant);
    const auto outcomes = log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1});
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    ASSERT_TRUE(outcomes->front().ok()) << outcomes->front().status();
  }

  base::Mutex mu_;
  std::set<std::string> reasons_ ABSL_GUARDED_BY(mu_);
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

// A deal that holds an event of a newer release is not moved by this one. All others are, and the
// stage stays until somebody has seen to that one.
TEST_F(RetirementTest, StepsOverADealThatIsRefused) {
  std::string stuck;
  for (const commands::ParsedEvent& event : Events()) {
    if (event.header.type() == "DealOpened") stuck = event.header.stream().id();
  }
  ASSERT_FALSE(stuck.empty());
  AppendFromTheFuture("deal", stuck, FieldOf(kDealField, FieldOf(4001, "priority")));
  StopViews();
  Reopen();
  StartViews();
  StartJob();
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  for (int i = 0; i < 5000 && Counts()["DealStageMoved"] < kDeals; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(Counts()["DealStageMoved"], kDeals) << "all but one";
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // It is tried again now and then.
  EXPECT_EQ(Counts()["DealStageMoved"], kDeals);
  EXPECT_EQ(Counts()["StageRetired"], 0);
  EXPECT_FALSE(retirements_->idle());
  EXPECT_THAT(reasons(), ::testing::ElementsAre("NEWER_DATA"));
}

// What one tenant's views do not tell holds up nobody else's stages.
TEST_F(RetirementTest, ATenantWhoseViewsFailedIsLeftAside) {
  eventstore::NewCommit odd;
  odd.tenant = {"a-odd"};  // Looked through before the other one.
  odd.recorded_at_us = base::SystemClock().NowMicros();
  odd.origin.principal = "user:odd";
  eventstore::NewEvent event;
  event.stream = {"pipeline", "p"};
  event.type = "Odd";
  event.event_id = base::UuidBytes(base::DeriveUuid7(1, "odd"));
  event.payload = "\xff\xff no message";
  odd.events.push_back(std::move(event));
  const eventstore::PartitionId partition = log_->PartitionOf(odd.tenant);
  ASSERT_TRUE(log_->Append(partition, log_->BatchHead(partition).number, {&odd, 1}).ok());
  StopViews();
  Reopen();
  StartViews();
  ASSERT_TRUE(Retire("Trial", "Prospect").ok());
  StartJob();
  AwaitRetired();
  for (int i = 0; i < 5000 && !retirements_->idle(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(retirements_->idle()) << "nothing is known to be retiring";
  EXPECT_THAT(reasons(), ::testing::ElementsAre("VIEW_FAILED"));
  for (int i = 0; i < 5000 && runner_->memory().tenants > 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(runner_->memory().tenants, 1u) << "who was looked at in passing has left again";
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
