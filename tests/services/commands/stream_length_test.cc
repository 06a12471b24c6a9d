// Method: through the sequencer over a memory log, with a small limit: what is refused at the
// limit, what may still happen, where that ends, and what is never limited.

#include "services/commands/stream_length.h"

#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kMax = 5;

class StreamLengthTest : public SequencerFixture {
 protected:
  StreamLengthTest() {
    CreateTenant();
    options_.events_per_stream_max = kMax;
    Reopen();
  }

  // A command that appends events to a stream, whatever its state.
  DecideFunction Append(std::vector<domain::PendingEvent> events) {
    return [events = std::move(events)](const domain::CommandMeta&,
                                        domain::StateReader&) -> absl::StatusOr<domain::Decision> {
      return domain::Decision{.subject = events.front().stream, .events = events};
    };
  }
  static domain::PendingEvent Won(const std::string& deal) {
    domain::PendingEvent pending{.stream = {"deal", deal}};
    pending.event.mutable_deal()->mutable_deal_won()->set_stage_id("stage_won");
    return pending;
  }
  static domain::PendingEvent Foreign(const std::string& id) {
    domain::PendingEvent pending{.stream = {"invoice", id}};
    pending.event.mutable_external()->set_type("Issued");
    return pending;
  }
  // Makes a deal of so many events.
  void Fill(const std::string& deal, uint64_t count) {
    ASSERT_TRUE(Run(OpenDeal(deal)).ok());
    for (uint64_t i = 1; i < count; ++i) {
      ASSERT_TRUE(Run(Append({Tagged(deal, absl::StrCat("t", i))})).ok()) << i;
    }
  }
  static void ExpectRefused(const absl::StatusOr<CommandResult>& result, uint64_t found) {
    EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(base::ReasonOf(result.status()), "LIMIT_EXCEEDED");
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("events_per_stream_max"));
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(absl::StrCat("found ", found)));
  }
};

TEST_F(StreamLengthTest, TheLastEventFitsAndTheNextIsRefusedByName) {
  Fill("deal_1", kMax);
  const auto refused = Run(Append({Tagged("deal_1", "one more")}));
  ExpectRefused(refused, kMax + 1);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("stream deal/deal_1"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("expected at most 5 events"));
  EXPECT_EQ(TagsInLog("deal_1").size(), kMax - 1);
  // Other streams are not concerned; nor is a command without effect.
  EXPECT_TRUE(Run(OpenDeal("deal_2")).ok());
  EXPECT_TRUE(Run(TagDeal("deal_1", "t1")).ok());
}

// What the refusal advises must be true of the stream that it refuses.
TEST_F(StreamLengthTest, TheHintIsOfTheStreamsOwnKind) {
  Fill("deal_1", kMax);
  const auto deal = Run(Append({Tagged("deal_1", "one more")}));
  EXPECT_THAT(std::string(deal.status().message()), HasSubstr("a deal can still be won"));
  domain::PendingEvent renamed{.stream = {"contact", "contact_1"}};
  renamed.event.mutable_contact()->mutable_contact_untagged();
  const auto contact = Run(Append(std::vector<domain::PendingEvent>(kMax + 1, renamed)));
  ExpectRefused(contact, kMax + 1);
  EXPECT_THAT(std::string(contact.status().message()), ::testing::Not(HasSubstr("can still be")));
  domain::PendingEvent pipeline{.stream = {"pipeline", "pipeline_1"}};
  pipeline.event.mutable_pipeline()->mutable_pipeline_renamed();
  const auto stages = Run(Append(std::vector<domain::PendingEvent>(kMax + 1, pipeline)));
  EXPECT_THAT(std::string(stages.status().message()), HasSubstr("can still be retired"));
}

TEST_F(StreamLengthTest, ACommandIsRefusedWhole) {
  Fill("deal_1", kMax - 1);
  ExpectRefused(Run(Append({Tagged("deal_1", "a"), Tagged("deal_1", "b")})), kMax + 1);
  EXPECT_EQ(TagsInLog("deal_1").size(), kMax - 2);
  // As many events, of two streams.
  EXPECT_TRUE(Run(Append({Tagged("deal_1", "a"), Opened("deal_2")})).ok());
}

TEST_F(StreamLengthTest, APreviewSaysTheSame) {
  Fill("deal_1", kMax);
  CommandContext context = Context();
  context.validate_only = true;
  ExpectRefused(Run(context, Append({Tagged("deal_1", "one more")})), kMax + 1);
}

TEST_F(StreamLengthTest, WhatMustStillHappenUsesTheReserveToItsEnd) {
  Fill("deal_1", kMax);
  EXPECT_TRUE(Run(Append({Won("deal_1")})).ok());
  CommandContext system = Context();
  system.origin.via = storage::v1::VIA_SYSTEM;
  for (uint64_t length = kMax + 2; length <= kMax + kStreamReserveEvents; ++length) {
    ASSERT_TRUE(Run(system, Append({Tagged("deal_1", absl::StrCat(length))})).ok()) << length;
  }
  const auto refused = Run(Append({Won("deal_1")}));
  ExpectRefused(refused, kMax + kStreamReserveEvents + 1);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("kStreamReserveEvents"));
  ExpectRefused(Run(system, Append({Tagged("deal_1", "x")})), kMax + kStreamReserveEvents + 1);
  // Users were refused all the while.
  ExpectRefused(Run(Append({Tagged("deal_1", "x")})), kMax + kStreamReserveEvents + 1);
}

TEST_F(StreamLengthTest, TheReserveIsOfTheStreamThatNeedsIt) {
  Fill("deal_1", kMax);
  // Another deal's win, or a workflow's step, is no reason to make this one longer.
  domain::PendingEvent step{.stream = {"workflow_instance", "instance_1"}};
  step.event.mutable_workflow_instance();
  ASSERT_TRUE(Run(OpenDeal("deal_2")).ok());
  ExpectRefused(Run(Append({Tagged("deal_1", "x"), Won("deal_2")})), kMax + 1);
  ExpectRefused(Run(Append({Tagged("deal_1", "x"), step})), kMax + 1);
  // What comes along with a win in its own stream does.
  EXPECT_TRUE(Run(Append({Tagged("deal_1", "x"), Won("deal_1")})).ok());
}

TEST_F(StreamLengthTest, StreamsOfOtherServicesAreNotLimited) {
  for (uint64_t i = 0; i < 2 * kMax; ++i) ASSERT_TRUE(Run(Append({Foreign("i1")})).ok());
}

TEST_F(StreamLengthTest, ALongerHistoryIsFoldedAsEver) {
  options_.events_per_stream_max = 100;
  Reopen();
  Fill("deal_1", 3 * kMax);
  options_.events_per_stream_max = kMax;
  Reopen();
  EXPECT_EQ(TagsInLog("deal_1").size(), 3 * kMax - 1);
  EXPECT_TRUE(Run(Append({Won("deal_1")})).ok());
  ExpectRefused(Run(Append({Tagged("deal_1", "x")})), 3 * kMax + 2);
}

}  // namespace
}  // namespace dealog::commands
