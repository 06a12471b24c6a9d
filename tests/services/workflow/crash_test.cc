// Method: the same story is told with the process cut off before, and right after, every single
// write of the reactor, then started again over what the disk holds. However it is cut, the log
// must end up byte for byte as without a cut: nothing lost, nothing doubled.

#include <filesystem>
#include <fstream>

#include "tests/services/workflow/fixture.h"

namespace dealog::workflow {
namespace {

using ::testing::SizeIs;

class CrashTest : public WorkflowFixture {
 protected:
  // What the reactor finds: two deals, three workflows, one of which fails, one triggers another.
  void Tell() {
    Found();
    Publish(1,
            "trigger { event_type: 'DealOpened' } "
            "actions { create_activity { kind: 'TASK' title: 'Call' due_in_seconds: 60 } } "
            "actions { tag { add: 'new' } } "
            "actions { add_note { body: 'hello' } }");
    Publish(2,
            "trigger { event_type: 'DealTagged' } "
            "actions { set_field { field: 'amount' value: '12.50 EUR' } } "
            "actions { move_deal { to_stage: 'Nowhere' } } actions { tag { add: 'never' } }");
    OpenDeal(1);
    OpenDeal(2, "tags: 'x'");
  }
  void Reset() {
    CloseWorld();
    disk_ = std::make_shared<eventstore::MemoryDisk>(1);
    clock_.Advance(kStart - clock_.NowMicros());
    OpenWorld();
    Tell();
  }
  std::vector<Told> Reference() {
    Reset();
    const uint64_t before = log_->BatchHead(eventstore::PartitionId{0}).number.value;
    React();
    writes_ = log_->BatchHead(eventstore::PartitionId{0}).number.value - before;
    return Story();
  }
  // Lets `writes` writes of the reactor happen, then cuts: the next one is not written, or written
  // without its reply.
  void RunUntilCut(uint64_t writes, bool written) {
    testing::Gate cut;
    cut.Shut();
    uint64_t done = 0;
    const auto kill = [&]() -> absl::Status {
      cut.Open();
      return base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "killed");
    };
    const auto count = [&](testing::HookedLog::Commits) {
      return ++done > writes ? kill() : absl::OkStatus();
    };
    (written ? log_->after_append : log_->before_append) = count;
    StartReactor();
    cut.Pass();
    CloseWorld();
  }

  static constexpr int64_t kStart = 1'760'000'000'000'000;
  uint64_t writes_ = 0;
};

TEST_F(CrashTest, EveryCutEndsAsWithoutOne) {
  const std::vector<Told> reference = Reference();
  ASSERT_GE(writes_, 6u);
  ASSERT_THAT(Instances(), SizeIs(4));
  for (const bool written : {false, true}) {
    for (uint64_t cut = 0; cut < writes_; ++cut) {
      SCOPED_TRACE(absl::StrCat("cut at write ", cut, written ? ", written" : ", not written"));
      Reset();
      RunUntilCut(cut, written);
      OpenWorld();
      React();
      EXPECT_EQ(Story(), reference);
    }
  }
}

TEST_F(CrashTest, TwoCutsInARow) {
  const std::vector<Told> reference = Reference();
  for (uint64_t first = 0; first + 1 < writes_; ++first) {
    SCOPED_TRACE(first);
    Reset();
    RunUntilCut(first, true);
    OpenWorld();
    RunUntilCut(0, false);
    OpenWorld();
    React();
    EXPECT_EQ(Story(), reference);
  }
}

TEST_F(CrashTest, ReadingAllAgainChangesNothing) {
  const std::vector<Told> reference = Reference();
  React();  // Without a checkpoint: from the beginning.
  EXPECT_EQ(Story(), reference);
  EXPECT_EQ(reactor_->stats().instances_started, 0u);
}

TEST_F(CrashTest, ACheckpointSavesReadingAndAnOldOneDoesNoHarm) {
  const std::string folder =
      (std::filesystem::path(::testing::TempDir()) / "dealog_reactor_checkpoint").string();
  std::filesystem::remove_all(folder);
  Reset();
  checkpoint_ = MakeFileCheckpoint(folder);
  React();
  const auto saved = checkpoint_->Load(eventstore::PartitionId{0});
  ASSERT_TRUE(saved.ok() && saved->has_value());
  EXPECT_EQ((*saved)->number, log_->BatchHead(eventstore::PartitionId{0}).number);
  const std::vector<Told> before = Story();
  React();
  EXPECT_EQ(Story(), before);

  // A checkpoint of another log, whose digest is not this one's: reading starts over.
  ASSERT_TRUE(
      checkpoint_
          ->Save(eventstore::PartitionId{0}, {eventstore::BatchNumber{5}, std::string(32, 'x')})
          .ok());
  OpenDeal(3);
  React();
  EXPECT_EQ(TagsOf(3), std::vector<std::string>{"new"});

  // An older one of this log.
  const auto digest = log_->BatchDigest(eventstore::PartitionId{0}, eventstore::BatchNumber{3});
  ASSERT_TRUE(
      checkpoint_->Save(eventstore::PartitionId{0}, {eventstore::BatchNumber{3}, *digest}).ok());
  const std::vector<Told> after = Story();
  React();
  EXPECT_EQ(Story(), after);
  std::filesystem::remove_all(folder);
}

TEST_F(CrashTest, AnUnreadableCheckpointIsAsNone) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "dealog_reactor_damaged";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "reactor-0") << "12 nonsense";
  const auto loaded = MakeFileCheckpoint(folder.string())->Load(eventstore::PartitionId{0});
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace dealog::workflow
