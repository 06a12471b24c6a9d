// Method: given a queue and the time that batches took, who may enter; the clock is the test's.
// Then the sequencer as a whole, held up inside its log.

#include "services/commands/admission.h"

#include <atomic>

#include "services/commands/limits.h"
#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";

int64_t steady_us = 0;

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() : log_(eventstore::MakeMemoryLog({.disk = disk_})) { steady_us = 1'000'000; }

  // A batch of as many commands as there may be, which took so long.
  void RunBatch(absl::Duration took) {
    admission_.Began();
    steady_us += absl::ToInt64Microseconds(took);
    admission_.Ended();
  }
  // Lets commands of one byte in until one is refused, at most 1000; the number of those let in.
  size_t Fill() {
    size_t entered = 0;
    while (entered < 1000 && admission_.Enter(1).ok()) ++entered;
    return entered;
  }

  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>(1);
  testing::HookedLog log_;
  Admission admission_{log_,
                       {.queue_bytes_max = 1000,
                        .queue_wait_max = absl::Milliseconds(100),
                        .batch_commands_max = 10},
                       [] { return steady_us; }};
};

TEST_F(AdmissionTest, BoundsTheBytes) {
  ASSERT_TRUE(admission_.Enter(600).ok());
  const absl::Status refused = admission_.Enter(401);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refused), "OVERLOADED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("holds 600 of at most 1000 bytes"));
  EXPECT_TRUE(refused.GetPayload(kRetryInfo));
  EXPECT_EQ(admission_.waiting_bytes(), 600u) << "the refused one is not counted";
  EXPECT_EQ(admission_.waiting_commands(), 1u);
  EXPECT_TRUE(admission_.Enter(400).ok());
  EXPECT_TRUE(admission_.Crowded());
  admission_.Leave(2, 1000);
  EXPECT_FALSE(admission_.Crowded());
  EXPECT_EQ(admission_.shed(Shed::kBytes), 1u);
}

TEST_F(AdmissionTest, LetsInWhatIsAloneHoweverLarge) {
  EXPECT_TRUE(admission_.Enter(5000).ok());
  EXPECT_FALSE(admission_.Enter(1).ok());
}

TEST_F(AdmissionTest, BoundsTheWait) {
  RunBatch(absl::Milliseconds(20));
  // 100 ms are five batches of ten: the fifty-first command would be in the sixth.
  EXPECT_EQ(Fill(), 50u);
  const absl::Status refused = admission_.Enter(1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refused), "OVERLOADED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("wait about 120 ms behind 50 others"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("expected at most 100 ms"));
  EXPECT_TRUE(refused.GetPayload(kRetryInfo));
  EXPECT_EQ(admission_.shed(Shed::kWait), 2u);
  EXPECT_TRUE(admission_.Crowded());
  EXPECT_EQ(admission_.expected_wait(), absl::Milliseconds(120));
  admission_.Leave(1, 1);
  EXPECT_TRUE(admission_.Enter(1).ok());
}

TEST_F(AdmissionTest, LetsTwoBatchesInHoweverSlowTheyAre) {
  RunBatch(absl::Seconds(3));
  EXPECT_EQ(Fill(), 20u);
}

TEST_F(AdmissionTest, KnowsNoWaitBeforeTheFirstBatch) { EXPECT_EQ(Fill(), 1000u); }

TEST_F(AdmissionTest, SmoothsWhatBatchesTake) {
  for (int i = 0; i < 10; ++i) RunBatch(absl::Milliseconds(20));
  RunBatch(absl::Milliseconds(100));
  EXPECT_EQ(admission_.expected_wait(), absl::Milliseconds(40)) << "20 + (100 - 20) / 4";
  for (int i = 0; i < 40; ++i) RunBatch(absl::Milliseconds(20));
  EXPECT_LT(admission_.expected_wait(), absl::Milliseconds(21));
}

TEST_F(AdmissionTest, SeesThatTheBatchAtHandIsStuck) {
  RunBatch(absl::Milliseconds(1));
  admission_.Began();
  steady_us += 200'000;
  EXPECT_EQ(Fill(), 20u);
  admission_.Ended();
}

TEST_F(AdmissionTest, RefusesWhileTheLogIsStrainedAndNoLonger) {
  absl::Status strain = base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", "test");
  log_.strain = [&strain] { return strain; };
  EXPECT_TRUE(admission_.Enter(1).ok()) << "the log is asked once per batch";
  RunBatch(absl::Milliseconds(1));
  EXPECT_EQ(base::ReasonOf(admission_.Enter(1)), "DISK_LOW");
  EXPECT_TRUE(admission_.Crowded());
  EXPECT_EQ(admission_.shed(Shed::kStrain), 1u);
  strain = absl::OkStatus();
  EXPECT_TRUE(admission_.Enter(1).ok()) << "without a batch between";
  EXPECT_FALSE(admission_.Crowded());
}

// ---- The sequencer ------------------------------------------------------------------------------

class OverloadTest : public SequencerFixture {
 protected:
  OverloadTest() { CreateTenant(); }
};

TEST_F(OverloadTest, RefusesBeforeAnyWorkIsDone) {
  options_.batch_commands_max = 1;
  options_.queue_wait_max = absl::ZeroDuration();
  Reopen();
  const auto held = HoldInAppend();
  const auto queued = Submit(Context(), OpenDeal("deal_1"));
  const int reads = log_->stream_reads;
  bool decided = false;
  sequencer_->Prefetch(kAcme, {"deal", "deal_2"});
  const auto refused = Submit(Context(), [&](const domain::CommandMeta&, domain::StateReader&) {
    decided = true;
    return absl::StatusOr<domain::Decision>(domain::Decision{.subject = {"deal", "deal_2"}});
  });
  ASSERT_TRUE(refused->done()) << "at once, on the calling thread";
  EXPECT_EQ(base::ReasonOf(refused->Wait().status()), "OVERLOADED");
  EXPECT_FALSE(decided);
  EXPECT_EQ(log_->stream_reads, reads) << "nothing was prefetched for it";
  Release();
  EXPECT_TRUE(held->Wait().ok());
  EXPECT_TRUE(queued->Wait().ok());
  sequencer_->Drain();
  const SequencerStats stats = sequencer_->stats();
  EXPECT_THAT(stats.shed, ElementsAre(0, 1, 0, 0));
  EXPECT_EQ(stats.queue_commands, 0u);
  EXPECT_EQ(stats.queue_bytes, 0u);
}

TEST_F(OverloadTest, CapsTheBatch) {
  options_.batch_commands_max = 2;
  Reopen();
  const auto held = HoldInAppend();
  std::vector<std::unique_ptr<Ticket>> tickets;
  for (int i = 0; i < 4; ++i) {
    tickets.push_back(Submit(Context(), OpenDeal(absl::StrCat("deal_", i))));
  }
  EXPECT_EQ(sequencer_->stats().queue_commands, 5u);
  Release();
  for (const auto& ticket : tickets) EXPECT_TRUE(ticket->Wait().ok());
  sequencer_->Drain();
  EXPECT_EQ(sequencer_->stats().batches, 3u) << "1 + 2 + 2 commands";
}

TEST_F(OverloadTest, ACommandThatWaitedPastItsDeadlineIsNotDecided) {
  const auto held = HoldInAppend();
  CommandContext context = Context();
  context.deadline = absl::FromUnixMicros(clock_.NowMicros() + 1000);
  bool decided = false;
  const auto late = Submit(context, [&](const domain::CommandMeta&, domain::StateReader&) {
    decided = true;
    return absl::StatusOr<domain::Decision>(domain::Decision{.subject = {"deal", "deal_1"}});
  });
  clock_.Advance(2000);
  Release();
  EXPECT_EQ(late->Wait().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(decided);
  sequencer_->Drain();
  EXPECT_THAT(sequencer_->stats().refusals_by_reason, ElementsAre(Pair("CANCELLED", 1)));
}

TEST_F(OverloadTest, CountsRefusalsByReason) {
  EXPECT_FALSE(Run(TagDeal("nobody", "hot")).ok());
  EXPECT_FALSE(Run(TagDeal("nobody", "hot")).ok());
  EXPECT_FALSE(Run(OpenDeal("founding")).ok());
  sequencer_->Drain();
  EXPECT_FALSE(Run(OpenDeal("deal_1")).ok()) << "it stops";
  const SequencerStats stats = sequencer_->stats();
  EXPECT_THAT(stats.refusals_by_reason,
              ElementsAre(Pair("DEAL_NOT_FOUND", 2), Pair("ID_EXISTS", 1)));
  EXPECT_EQ(stats.refusals, 3u);
  EXPECT_THAT(stats.shed, ElementsAre(0, 0, 0, 1));
}

TEST_F(OverloadTest, ALowDiskShedsAtTheDoorAndEndsByItself) {
  std::atomic<bool> low = true;
  sequencer_.reset();
  log_->strain = [&low] {
    return low ? base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", "test")
               : absl::Status();
  };
  sequencer_ = MakeSequencer(*log_, eventstore::PartitionId{0}, clock_, options_);
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  // The log is asked after the replies: the next command may come before that, a later one not.
  absl::Status refused;
  for (int i = 0; i < 1000 && refused.ok(); ++i) {
    refused = Run(TagDeal("deal_1", absl::StrCat("cold_", i % 10))).status();
  }
  EXPECT_EQ(base::ReasonOf(refused), "DISK_LOW");
  EXPECT_EQ(base::ReasonOf(Run(TagDeal("deal_1", "hot")).status()), "DISK_LOW");
  low = false;
  EXPECT_TRUE(Run(TagDeal("deal_1", "hot")).ok());
  sequencer_->Drain();  // Its thread asks the log once more.
}

}  // namespace
}  // namespace dealog::commands
