// Method: the same request_id is sent again after every kind of first answer, in the same batch,
// after reopening, and past its expiry.

#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReplayTest : public SequencerFixture {
 protected:
  ReplayTest() {
    CreateTenant();
    EXPECT_TRUE(Run(OpenDeal("deal_1")).ok());
  }
};

TEST_F(ReplayTest, AnswersAgainWithoutDoingAgain) {
  Shown first_shown, again_shown;
  const auto first =
      Submit(Idempotent("r1"), TagDeal("deal_1", "hot"), ShowTags(first_shown))->Wait();
  ASSERT_TRUE(Run(TagDeal("deal_1", "later")).ok());
  const auto again =
      Submit(Idempotent("r1"), TagDeal("deal_1", "hot"), ShowTags(again_shown))->Wait();
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->position, first->position);
  EXPECT_EQ(again->recorded_at_us, first->recorded_at_us);
  EXPECT_EQ(again->subject_revision, first->subject_revision);
  EXPECT_EQ(again->token, first->token);
  // The deal as the first reply showed it, though it has moved on.
  EXPECT_EQ(again_shown.tags, first_shown.tags);
  EXPECT_EQ(again_shown.revision, first_shown.revision);
  EXPECT_EQ(HeadPosition(), 4u);
  EXPECT_EQ(sequencer_->stats().replays, 1u);
}

TEST_F(ReplayTest, OutlivesReopening) {
  const auto first = Run(Idempotent("r1"), TagDeal("deal_1", "hot"));
  Reopen();
  const auto again = Run(Idempotent("r1"), TagDeal("deal_1", "hot"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->position, first->position);
}

TEST_F(ReplayTest, RefusesAnotherBodyUnderTheSameId) {
  ASSERT_TRUE(Run(Idempotent("r1", "one"), TagDeal("deal_1", "hot")).ok());
  const auto reused = Run(Idempotent("r1", "two"), TagDeal("deal_1", "cold"));
  EXPECT_EQ(reused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(reused.status()), "REQUEST_ID_REUSED");
  EXPECT_THAT(TagsInLog("deal_1"), ElementsAre("hot"));
}

TEST_F(ReplayTest, AnotherCallerMayUseTheSameId) {
  ASSERT_TRUE(Run(Idempotent("r1", "one"), TagDeal("deal_1", "hot")).ok());
  CommandContext context = Idempotent("r1", "two");
  context.origin.principal = "user:bob";
  const auto other = Run(context, TagDeal("deal_1", "cold"));
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->replayed);
}

TEST_F(ReplayTest, IsForgottenAtItsExpiryAndNotBefore) {
  const auto first = Run(Idempotent("r1", "one"), TagDeal("deal_1", "hot"));
  ASSERT_TRUE(first.ok());
  const int64_t expires_at_us = first->recorded_at_us + options_.request_retention_us;
  clock_.Advance(expires_at_us - 1 - clock_.NowMicros());
  EXPECT_TRUE(Run(Idempotent("r1", "one"), TagDeal("deal_1", "hot"))->replayed);
  clock_.Advance(1);
  const auto fresh = Run(Idempotent("r1", "two"), TagDeal("deal_1", "cold"));
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_FALSE(fresh->replayed);
  EXPECT_THAT(TagsInLog("deal_1"), ElementsAre("cold", "hot"));
}

TEST_F(ReplayTest, RemembersACommandWithoutEffect) {
  ASSERT_TRUE(Run(TagDeal("deal_1", "hot")).ok());
  const auto first = Run(Idempotent("r1"), TagDeal("deal_1", "hot"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->event_count, 0u);
  EXPECT_EQ(first->position.value, 3u);
  // The tag goes; the request is still answered as it was.
  ASSERT_TRUE(Run([](const domain::CommandMeta&, domain::StateReader&) {
                domain::PendingEvent untagged{.stream = {"deal", "deal_1"}};
                untagged.event.mutable_deal()->mutable_deal_untagged()->add_tags("hot");
                return absl::StatusOr<domain::Decision>(
                    domain::Decision{.subject = {"deal", "deal_1"}, .events = {untagged}});
              }).ok());
  Shown shown;
  const auto again = Submit(Idempotent("r1"), TagDeal("deal_1", "hot"), ShowTags(shown))->Wait();
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->position.value, 3u);
  EXPECT_THAT(shown.tags, ElementsAre("hot"));
  EXPECT_THAT(TagsInLog("deal_1"), IsEmpty());
}

TEST_F(ReplayTest, DoesNotRememberRefusals) {
  EXPECT_FALSE(Run(Idempotent("r1"), TagDeal("deal_2", "hot")).ok());
  ASSERT_TRUE(Run(OpenDeal("deal_2")).ok());
  const auto later = Run(Idempotent("r1"), TagDeal("deal_2", "hot"));
  ASSERT_TRUE(later.ok());
  EXPECT_FALSE(later->replayed);
}

TEST_F(ReplayTest, DuplicatesInOneBatchGetTheSameAnswer) {
  const auto held = HoldInAppend();
  Shown first_shown, again_shown;
  const auto first = Submit(Idempotent("r1"), TagDeal("deal_1", "hot"), ShowTags(first_shown));
  const auto between = Submit(Context(), TagDeal("deal_1", "between"));
  const auto again = Submit(Idempotent("r1"), TagDeal("deal_1", "hot"), ShowTags(again_shown));
  const auto reused = Submit(Idempotent("r1", "other"), TagDeal("deal_1", "cold"));
  Release();
  ASSERT_TRUE(first->Wait().ok());
  ASSERT_TRUE(again->Wait().ok());
  EXPECT_FALSE(first->Wait()->replayed);
  EXPECT_TRUE(again->Wait()->replayed);
  EXPECT_EQ(again->Wait()->position, first->Wait()->position);
  EXPECT_EQ(again_shown.tags, first_shown.tags);
  EXPECT_EQ(base::ReasonOf(reused->Wait().status()), "REQUEST_ID_REUSED");
  EXPECT_TRUE(between->Wait().ok());
  EXPECT_THAT(TagsInLog("deal_1"), ElementsAre("between", "hot"));
}

}  // namespace
}  // namespace dealog::commands
