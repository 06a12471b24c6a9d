// Method: the same story is told with the process cut off before, and right after, every single
// write of the reactor, then started again over what the disk holds. However it is cut, every
// stream must end up as without a cut: nothing lost, nothing doubled. (Instances advance side by
// side, so how streams interleave is left open.)

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_replace.h"
#include "tests/services/workflow/fixture.h"

namespace dealog::workflow {
namespace {

using ::testing::SizeIs;

class CrashTest : public WorkflowFixture {
 protected:
  // What the reactor finds: two deals, and two workflows of which one triggers the other, which
  // fails at its second step.
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
            "actions { move_deal { to_stage: 'Nowhere' } } "
            "actions { set_field { field: 'title' value: 'never' } }");
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
  // The log, stream by stream, where the instances that depend on how streams interleave have names
  // that do not.
  std::vector<Told> Streams() {
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& instance : Instances()) {
      names.emplace_back(instance.instance_id,
                         absl::StrCat("run of ", instance.workflow_id, " on ", instance.deal_id));
      names.emplace_back(absl::StrCat("trigger_position: ", instance.trigger_position),
                         "trigger_position: *");
    }
    std::vector<Told> streams = Story();
    for (Told& told : streams) {
      for (std::string* text : {&told.stream, &told.payload, &told.principal}) {
        *text = absl::StrReplaceAll(*text, names);
      }
    }
    std::stable_sort(streams.begin(), streams.end(),
                     [](const Told& a, const Told& b) { return a.stream < b.stream; });
    return streams;
  }
  std::vector<Told> Reference() {
    Reset();
    React();
    return Streams();
  }
  // Lets `writes` writes of the reactor happen, then cuts: the next one is not written, or written
  // without its reply. False if the reactor was done before.
  bool RunUntilCut(uint64_t writes, bool written) {
    std::atomic<bool> killed = false;
    uint64_t done = 0;
    const auto count = [&](testing::HookedLog::Commits) -> absl::Status {
      if (++done <= writes) return absl::OkStatus();
      killed = true;
      return base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "killed");
    };
    (written ? log_->after_append : log_->before_append) = count;
    StartReactor();
    while (!killed && !reactor_->WaitCaughtUp(std::chrono::milliseconds(1))) {
    }
    CloseWorld();
    return killed;
  }

  static constexpr int64_t kStart = 1'760'000'000'000'000;
};

TEST_F(CrashTest, EveryCutEndsAsWithoutOne) {
  const std::vector<Told> reference = Reference();
  ASSERT_THAT(Instances(), SizeIs(4));
  for (const bool written : {false, true}) {
    uint64_t cut = 0;
    while (true) {
      SCOPED_TRACE(absl::StrCat("cut at write ", cut, written ? ", written" : ", not written"));
      Reset();
      const bool was_cut = RunUntilCut(cut, written);
      OpenWorld();
      React();
      ASSERT_EQ(Streams(), reference);
      if (!was_cut) break;
      ++cut;
    }
    EXPECT_GE(cut, 6u);  // The longest way: start and three steps, then start, step and failure.
  }
}

TEST_F(CrashTest, TwoCutsInARow) {
  const std::vector<Told> reference = Reference();
  for (uint64_t first = 0; first < 6; ++first) {
    SCOPED_TRACE(first);
    Reset();
    RunUntilCut(first, true);
    OpenWorld();
    RunUntilCut(0, false);
    OpenWorld();
    React();
    ASSERT_EQ(Streams(), reference);
  }
}

TEST_F(CrashTest, ReadingAllAgainChangesNothing) {
  Reference();
  const std::vector<Told> before = Story();
  React();  // Without a checkpoint: from the beginning.
  EXPECT_EQ(Story(), before);
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
