// Method: the log is made to fail a write (before or after it happened), to refuse one commit, or
// to run low on disk; then who was answered what, and what the sequencer believes afterwards.

#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using ::testing::ElementsAre;

absl::Status OutcomeUnknown() {
  return base::Error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN", "the sync failed");
}

class FailureTest : public SequencerFixture {
 protected:
  FailureTest() {
    options_.on_fatal = [this](const absl::Status& status) { fatal_.push_back(status); };
    Reopen();
    CreateTenant();
    EXPECT_TRUE(Run(OpenDeal("deal_1")).ok());
  }
  ~FailureTest() override { sequencer_.reset(); }

  std::vector<absl::Status> fatal_;  // Written by the sequencer's thread; read after Drain.
};

TEST_F(FailureTest, AFailedWriteLeavesEveryOutcomeOfTheBatchUnknownAndStops) {
  const auto held = HoldInAppend();
  const auto written = Submit(Context(), TagDeal("deal_1", "hot"));
  const auto refused = Submit(Context(), TagDeal("deal_none", "hot"));
  const auto first = Submit(Idempotent("r1"), TagDeal("deal_1", "cold"));
  const auto duplicate = Submit(Idempotent("r1"), TagDeal("deal_1", "cold"));
  log_->after_append = [](testing::HookedLog::Commits commits) {
    return commits.size() > 1 ? OutcomeUnknown() : absl::OkStatus();
  };
  Release();
  EXPECT_TRUE(held->Wait().ok());
  // Also the refusal: it was decided over a state that may never have been.
  for (const auto& ticket : {&written, &refused, &first, &duplicate}) {
    EXPECT_EQ((*ticket)->Wait().status().code(), absl::StatusCode::kUnknown);
    EXPECT_EQ(base::ReasonOf((*ticket)->Wait().status()), "OUTCOME_UNKNOWN");
  }
  const auto late = Run(TagDeal("deal_1", "late"));
  EXPECT_EQ(base::ReasonOf(late.status()), "NOT_READY");
  sequencer_->Drain();
  ASSERT_EQ(fatal_.size(), 1u);
  EXPECT_EQ(base::ReasonOf(fatal_[0]), "OUTCOME_UNKNOWN");
}

TEST_F(FailureTest, ARepeatedRequestFindsOutAfterReopening) {
  log_->after_append = [](testing::HookedLog::Commits) { return OutcomeUnknown(); };
  EXPECT_EQ(Run(Idempotent("r1"), TagDeal("deal_1", "hot")).status().code(),
            absl::StatusCode::kUnknown);
  Reopen();
  const auto again = Run(Idempotent("r1"), TagDeal("deal_1", "hot"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed);  // It had been written.

  log_->before_append = [](testing::HookedLog::Commits) { return OutcomeUnknown(); };
  EXPECT_FALSE(Run(Idempotent("r2"), TagDeal("deal_1", "cold")).ok());
  Reopen();
  const auto fresh = Run(Idempotent("r2"), TagDeal("deal_1", "cold"));
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_FALSE(fresh->replayed);  // It had not.
  EXPECT_THAT(TagsInLog("deal_1"), ElementsAre("cold", "hot"));
}

TEST_F(FailureTest, CommandsBehindAFailedWriteWereNotExecuted) {
  const auto held = HoldInAppend();
  log_->before_append = [this](testing::HookedLog::Commits) {
    gate_.Pass();
    return OutcomeUnknown();
  };
  // Fills the failing batch, so that the last one is still queued when it fails.
  std::vector<std::unique_ptr<Ticket>> failing;
  for (size_t i = 0; i < eventstore::kCommitsPerBatchMax; ++i) {
    failing.push_back(Submit(Context(), TagDeal("deal_1", absl::StrCat(i))));
  }
  const auto behind = Submit(Context(), TagDeal("deal_1", "behind"));
  Release();
  EXPECT_EQ(failing.front()->Wait().status().code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(failing.back()->Wait().status().code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(base::ReasonOf(behind->Wait().status()), "NOT_READY");
}

TEST_F(FailureTest, AFullDiskIsSurvived) {
  const absl::Status low =
      base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", "no space");
  log_->before_append = [low](testing::HookedLog::Commits) { return low; };
  EXPECT_EQ(base::ReasonOf(Run(TagDeal("deal_1", "hot")).status()), "DISK_LOW");
  EXPECT_EQ(base::ReasonOf(Run(TagDeal("deal_1", "hot")).status()), "DISK_LOW");
  log_->before_append = {};
  // Nothing of the two attempts is believed: the tag is new, the position the next.
  const auto result = Run(TagDeal("deal_1", "hot"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->event_count, 1u);
  EXPECT_EQ(result->position.value, 3u);
  sequencer_->Drain();
  EXPECT_TRUE(fatal_.empty());
}

TEST_F(FailureTest, ARefusedCommitTakesThoseThatWereDecidedOnItAlong) {
  log_->refuse = [](const eventstore::NewCommit& commit) {
    return commit.events[0].stream.id == "deal_2" && commit.events[0].type == "DealOpened"
               ? absl::Status(base::Error(absl::StatusCode::kAborted, "CONDITION_FAILED", "test"))
               : absl::OkStatus();
  };
  const auto held = HoldInAppend();
  const auto before = Submit(Context(), TagDeal("deal_1", "before"));
  const auto refused = Submit(Context(), OpenDeal("deal_2"));
  const auto on_top = Submit(Context(), TagDeal("deal_2", "hot"));            // Writes the stream.
  const auto reader = Submit(Context(), [](const auto& meta, auto& states) {  // Reads it.
    if (const auto found = states.Find({"deal", "deal_2"}); !found.ok()) {
      return absl::StatusOr<domain::Decision>(found.status());
    }
    return TagDeal("deal_1", "because")(meta, states);
  });
  const auto misled = Submit(Context(), OpenDeal("deal_2"));  // Refused for what is not.
  const auto unrelated = Submit(Context(), OpenDeal("deal_3"));
  Release();
  EXPECT_TRUE(before->Wait().ok());
  EXPECT_EQ(base::ReasonOf(refused->Wait().status()), "CONDITION_FAILED");
  EXPECT_EQ(on_top->Wait().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(reader->Wait().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(misled->Wait().status().code(), absl::StatusCode::kAborted);
  ASSERT_TRUE(unrelated->Wait().ok()) << unrelated->Wait().status();
  EXPECT_EQ(unrelated->Wait()->position.value, HeadPosition());
  // And the truth is read again afterwards.
  log_->refuse = {};
  EXPECT_THAT(TagsInLog("deal_1"), ElementsAre("before"));
  const auto opened = Run(OpenDeal("deal_2"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->subject_revision, 1u);
}

TEST_F(FailureTest, AForeignWriterIsFenced) {
  eventstore::NewCommit foreign{.tenant = kAcme, .recorded_at_us = clock_.NowMicros()};
  foreign.subject = {"deal", "deal_9"};
  foreign.events.push_back({.stream = foreign.subject,
                            .type = "DealTagged",
                            .event_id = std::string(16, 'x'),
                            .payload = Tagged("deal_9", "x").event.SerializeAsString()});
  const eventstore::PartitionId partition{0};
  ASSERT_TRUE(log_->Append(partition, log_->BatchHead(partition).number, {&foreign, 1}).ok());
  EXPECT_EQ(Run(TagDeal("deal_1", "hot")).status().code(), absl::StatusCode::kAborted);
  sequencer_->Drain();
  EXPECT_EQ(fatal_.size(), 1u);
}

}  // namespace
}  // namespace dealog::commands
