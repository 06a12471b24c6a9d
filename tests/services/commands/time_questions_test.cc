// Method: the sequencer is asked for the position at a time that no commit has passed, with a clock
// that stands still or goes back afterwards: the answer must stay true of all that comes later.

#include "services/commands/time_questions.h"

#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using eventstore::Position;

class TimeQuestionsTest : public SequencerFixture {
 protected:
  void SetUp() override { CreateTenant(); }

  // An answer on its way.
  struct Answer {
    base::Mutex mu;
    base::CondVar changed;
    std::optional<absl::StatusOr<Position>> position;
    absl::StatusOr<Position> Wait() {
      base::MutexLock lock(mu);
      while (!position) changed.Wait(mu);
      return *position;
    }
  };
  std::unique_ptr<Answer> Ask(int64_t time_us) {
    auto answer = std::make_unique<Answer>();
    sequencer_->AskPositionAt(kAcme, time_us, [raw = answer.get()](absl::StatusOr<Position> got) {
      base::MutexLock lock(raw->mu);
      raw->position = got;
      raw->changed.NotifyAll();
    });
    return answer;
  }
};

TEST_F(TimeQuestionsTest, WhatIsAnsweredStaysTrue) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  clock_.Advance(1'000'000);
  const int64_t now = clock_.NowMicros();
  EXPECT_EQ(Ask(now)->Wait()->value, 2u);
  // The clock stands still, and then goes back: all of it would be stamped at or before `now`.
  const auto second = Run(OpenDeal("deal_2"));
  EXPECT_EQ(second->recorded_at_us, now + 1);
  clock_.Advance(-3'600'000'000);
  EXPECT_EQ(Run(OpenDeal("deal_3"))->recorded_at_us, now + 2);
  EXPECT_EQ(Ask(now)->Wait()->value, 2u);
  EXPECT_EQ(Ask(now + 1)->Wait()->value, 3u);
}

TEST_F(TimeQuestionsTest, HoldsForTenantsThatWereNotAskedAbout) {
  CreateTenant({"other"});
  clock_.Advance(1'000'000);
  ASSERT_TRUE(Ask(clock_.NowMicros())->Wait().ok());
  CommandContext context = Context();
  context.tenant = {"other"};
  EXPECT_GT(Run(context, OpenDeal("deal_1"))->recorded_at_us, clock_.NowMicros());
}

TEST_F(TimeQuestionsTest, CountsWhatIsOnItsWayToTheDisk) {
  clock_.Advance(1'000'000);
  const auto held = HoldInAppend();  // Decided and stamped, not yet durable.
  const auto waiting = Submit(Context(), OpenDeal("deal_waiting"));
  const auto answer = Ask(clock_.NowMicros());
  {
    base::MutexLock lock(answer->mu);
    EXPECT_FALSE(answer->position.has_value()) << "answered before the outcome was known";
  }
  Release();
  ASSERT_TRUE(held->Wait().ok());
  const uint64_t position = answer->Wait()->value;
  EXPECT_EQ(position, held->Wait()->position.value);
  EXPECT_GT(waiting->Wait()->recorded_at_us, clock_.NowMicros());
  EXPECT_EQ(Ask(clock_.NowMicros())->Wait()->value, position);
}

TEST_F(TimeQuestionsTest, AreRefusedOnceItIsDrained) {
  sequencer_->Drain();
  EXPECT_EQ(base::ReasonOf(Ask(clock_.NowMicros())->Wait().status()), "NOT_READY");
}

TEST_F(TimeQuestionsTest, AreRefusedAfterAFailedWrite) {
  log_->after_append = [](testing::HookedLog::Commits) { return absl::UnknownError("lost"); };
  const auto held = HoldInAppend();
  const auto answer = Ask(clock_.NowMicros());
  Release();
  EXPECT_FALSE(held->Wait().ok());
  EXPECT_EQ(base::ReasonOf(answer->Wait().status()), "NOT_READY");
}

TEST(PositionAt, NeedsTheSequencerOnlyPastTheHead) {
  testing::ManualClock clock;
  const auto log = eventstore::MakeMemoryLog({.clock = &clock});
  Sequencers sequencers(*log, clock, {.unique_key_secret = kSecret});
  const auto opened =
      Execute(sequencers, {.tenant = kAcme, .creates_tenant = true}, OpenDeal("deal_1"));
  ASSERT_TRUE(opened.ok());
  clock.Advance(5);
  EXPECT_EQ(PositionAt(*log, sequencers, kAcme, clock.NowMicros())->value, 1u);
  sequencers.Drain();
  EXPECT_EQ(PositionAt(*log, sequencers, kAcme, opened->recorded_at_us)->value, 1u);
  EXPECT_EQ(PositionAt(*log, sequencers, kAcme, opened->recorded_at_us - 1)->value, 0u);
  EXPECT_EQ(base::ReasonOf(PositionAt(*log, sequencers, kAcme, clock.NowMicros()).status()),
            "NOT_READY");
}

}  // namespace
}  // namespace dealog::commands
