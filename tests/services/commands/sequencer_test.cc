// Method: given/when/then through the public interface over a memory log. Time stands still unless
// a test moves it; a batch is made to wait by holding the log inside Append.

#include "services/commands/sequencer.h"

#include <algorithm>
#include <atomic>
#include <ctime>

#include "eventstore/base/ids.h"
#include "eventstore/base/worker.h"
#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SequencerTest : public SequencerFixture {
 protected:
  SequencerTest() { CreateTenant(); }

  eventstore::ReadPage WholeLog() { return *log_->ReadTenant(kAcme, {}); }
  storage::v1::EventHeader HeaderAt(size_t index) {
    return ParseEvent(WholeLog().events[index].view())->header;
  }
};

TEST_F(SequencerTest, WritesTheEventsOfACommand) {
  const auto result = Run(OpenDeal("deal_1"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->position.value, 2u);  // The tenant's founding is position 1.
  EXPECT_EQ(result->subject_revision, 1u);
  EXPECT_EQ(result->event_count, 1u);
  EXPECT_FALSE(result->replayed);
  EXPECT_EQ(HeadPosition(), 2u);
  const storage::v1::EventHeader header = HeaderAt(1);
  EXPECT_EQ(header.type(), "DealOpened");
  EXPECT_EQ(header.tenant(), "acme");
  EXPECT_EQ(header.actor().principal(), "user:ada");
  EXPECT_EQ(header.occurred_at_us(), header.recorded_at_us());
  EXPECT_EQ(header.recorded_at_us(), result->recorded_at_us);
}

TEST_F(SequencerTest, StampsStrictlyRisingTimesWhileTheClockStandsStillOrGoesBack) {
  const auto first = Run(OpenDeal("deal_1"));
  const auto second = Run(OpenDeal("deal_2"));
  clock_.Advance(-3'600'000'000);
  const auto third = Run(OpenDeal("deal_3"));
  EXPECT_EQ(second->recorded_at_us, first->recorded_at_us + 1);
  EXPECT_EQ(third->recorded_at_us, second->recorded_at_us + 1);
  Reopen();
  EXPECT_EQ(Run(OpenDeal("deal_4"))->recorded_at_us, third->recorded_at_us + 1);
}

TEST_F(SequencerTest, PassesOnTheBusinessTimeAndTheOrigin) {
  CommandContext context = Context();
  context.occurred_at_us = 1'600'000'000'000'000;
  context.origin.correlation_id = "root";
  context.origin.causation_position = eventstore::Position{1};
  context.origin.causation_depth = 3;
  context.origin.override_reason = "agreed";
  context.origin.via = storage::v1::VIA_IMPORT;
  domain::CommandMeta seen;
  ASSERT_TRUE(Run(context, [&](const domain::CommandMeta& meta, domain::StateReader& states) {
                seen = meta;
                return OpenDeal("deal_1")(meta, states);
              }).ok());
  EXPECT_EQ(seen.occurred_at_us, 1'600'000'000'000'000);
  EXPECT_EQ(seen.tenant, "acme");
  EXPECT_EQ(seen.override_reason, "agreed");
  EXPECT_EQ(seen.via, storage::v1::VIA_IMPORT);
  EXPECT_NE(seen.id_seed, base::Uuid{});
  const storage::v1::EventHeader header = HeaderAt(1);
  EXPECT_EQ(header.occurred_at_us(), 1'600'000'000'000'000);
  EXPECT_EQ(header.correlation_id(), "root");
  EXPECT_EQ(header.causation_position(), 1u);
  EXPECT_EQ(header.causation_depth(), 3u);
  EXPECT_EQ(header.override_reason(), "agreed");
}

TEST_F(SequencerTest, GivesEveryEventItsOwnUuid7) {
  ASSERT_TRUE(Run([](const domain::CommandMeta&, domain::StateReader&) {
                return absl::StatusOr<domain::Decision>(domain::Decision{
                    .subject = {"deal", "deal_1"},
                    .events = {Opened("deal_1"), Tagged("deal_1", "a"), Tagged("deal_1", "b")}});
              }).ok());
  std::vector<std::string> ids;
  for (const auto& event : WholeLog().events) {
    const std::string id = ParseEvent(event.view())->header.event_id();
    ASSERT_EQ(id.size(), 16u);
    EXPECT_EQ(static_cast<uint8_t>(id[6]) >> 4, 7);
    EXPECT_EQ(static_cast<uint8_t>(id[8]) >> 6, 2);
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(SequencerTest, DescribesTheSubjectAfterTheCommit) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  Shown shown;
  ASSERT_TRUE(Submit(Context(), TagDeal("deal_1", "hot"), ShowTags(shown))->Wait().ok());
  EXPECT_THAT(shown.tags, ElementsAre("hot"));
  EXPECT_EQ(shown.revision, 2u);
}

TEST_F(SequencerTest, RefusalsWriteNothing) {
  const auto result = Run(TagDeal("deal_none", "hot"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(result.status()), "DEAL_NOT_FOUND");
  EXPECT_EQ(HeadPosition(), 1u);
  EXPECT_EQ(sequencer_->stats().refusals, 1u);
}

TEST_F(SequencerTest, ACommandWithoutEffectAnswersWithTheHead) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  ASSERT_TRUE(Run(TagDeal("deal_1", "hot")).ok());
  const uint64_t batches = sequencer_->stats().batches;
  const auto again = Run(TagDeal("deal_1", "hot"));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->position.value, 3u);
  EXPECT_EQ(again->subject_revision, 2u);
  EXPECT_EQ(again->event_count, 0u);
  EXPECT_EQ(HeadPosition(), 3u);
  EXPECT_EQ(sequencer_->stats().batches, batches);
}

TEST_F(SequencerTest, RefusesToChangeWhatANewerReleaseWrote) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  const auto newer = [](const domain::CommandMeta&, domain::StateReader&) {
    domain::PendingEvent tagged = Tagged("deal_1", "a");
    auto& message = *tagged.event.mutable_deal()->mutable_deal_tagged();
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(4000, 1);
    return absl::StatusOr<domain::Decision>(
        domain::Decision{.subject = {"deal", "deal_1"}, .events = {tagged}});
  };
  ASSERT_TRUE(Run(newer).ok());
  const uint64_t head = HeadPosition();
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (const bool validate_only : {false, true}) {
      CommandContext context = Context();
      context.validate_only = validate_only;
      const auto refused = Run(context, TagDeal("deal_1", "hot"));
      EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_EQ(base::ReasonOf(refused.status()), "NEWER_DATA");
      EXPECT_THAT(std::string(refused.status().message()), HasSubstr("field 4000 of DealTagged"));
    }
  }
  EXPECT_EQ(HeadPosition(), head);
  EXPECT_TRUE(Run(OpenDeal("deal_2")).ok()) << "another stream";
}

TEST_F(SequencerTest, RefusesATenantThatDoesNotExist) {
  CommandContext context = Context();
  context.tenant = eventstore::TenantId{"nobody"};
  const auto result = Run(context, OpenDeal("deal_1"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(result.status()), "TENANT_NOT_FOUND");
}

TEST_F(SequencerTest, TenantsDoNotSeeEachOther) {
  const eventstore::TenantId other{"other"};
  CreateTenant(other);
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  CommandContext context = Context();
  context.tenant = other;
  EXPECT_EQ(base::ReasonOf(Run(context, TagDeal("deal_1", "hot")).status()), "DEAL_NOT_FOUND");
  ASSERT_TRUE(Run(Claim("deal_1", "name")).ok());
  EXPECT_TRUE(Run(context, Claim("deal_2", "name")).ok());
}

TEST_F(SequencerTest, HandsTheEtagToTheDecision) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  CommandContext context = Context();
  context.etag = "7";
  EXPECT_EQ(base::ReasonOf(Run(context, TagDeal("deal_1", "hot")).status()), "REVISION_CONFLICT");
  context.etag = "1";
  EXPECT_TRUE(Run(context, TagDeal("deal_1", "hot")).ok());
}

TEST_F(SequencerTest, UniqueKeysAreSeenWithinTheBatchAndAfterReopening) {
  const auto held = HoldInAppend();
  const auto first = Submit(Context(), Claim("deal_1", "name"));
  const auto second = Submit(Context(), Claim("deal_2", "name"));
  Release();
  EXPECT_TRUE(first->Wait().ok());
  EXPECT_EQ(base::ReasonOf(second->Wait().status()), "NAME_TAKEN");
  Reopen();
  EXPECT_EQ(base::ReasonOf(Run(Claim("deal_3", "name")).status()), "NAME_TAKEN");
  const auto release = [](const domain::CommandMeta&, domain::StateReader&) {
    return absl::StatusOr<domain::Decision>(
        domain::Decision{.subject = {"deal", "deal_1"},
                         .events = {Tagged("deal_1", "renamed")},
                         .releases = {{"deal.name", "name", {"deal", "deal_1"}}}});
  };
  ASSERT_TRUE(Run(release).ok());
  EXPECT_TRUE(Run(Claim("deal_3", "name")).ok());
}

TEST_F(SequencerTest, StoresNoUniqueValueInTheClear) {
  ASSERT_TRUE(Run(Claim("deal_1", "ada@example.org")).ok());
  for (const auto& key : WholeLog().events.back().commit->header().claims()) {
    EXPECT_EQ(key.hash(), UniqueHash(kSecret, "deal.name", "ada@example.org"));
    EXPECT_EQ(key.hash().size(), 32u);
  }
}

TEST_F(SequencerTest, ValidateOnlyDescribesAndWritesNothing) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  CommandContext context = Idempotent("request-1");
  context.validate_only = true;
  Shown shown;
  const auto preview = Submit(context, TagDeal("deal_1", "hot"), ShowTags(shown))->Wait();
  ASSERT_TRUE(preview.ok());
  EXPECT_EQ(preview->position.value, 2u);
  EXPECT_THAT(shown.tags, ElementsAre("hot"));
  EXPECT_EQ(shown.revision, 2u);
  EXPECT_EQ(HeadPosition(), 2u);
  EXPECT_FALSE(*log_->FindRequest(kAcme, "user:ada", "request-1"));
  // And the cached state was not touched.
  Shown after;
  ASSERT_TRUE(Submit(Context(), TagDeal("deal_1", "cold"), ShowTags(after))->Wait().ok());
  EXPECT_THAT(after.tags, ElementsAre("cold"));
}

TEST_F(SequencerTest, ValidateOnlyRefusesWhatWouldBeRefused) {
  CommandContext context = Context();
  context.validate_only = true;
  EXPECT_EQ(base::ReasonOf(Run(context, TagDeal("deal_none", "hot")).status()), "DEAL_NOT_FOUND");
}

TEST_F(SequencerTest, GroupsWhatQueuedUpIntoOneWrite) {
  const auto held = HoldInAppend();
  std::vector<std::unique_ptr<Ticket>> tickets;
  tickets.push_back(Submit(Context(), OpenDeal("deal_1")));
  for (int i = 0; i < 50; ++i) {
    tickets.push_back(Submit(Context(), TagDeal("deal_1", absl::StrCat("tag_", i))));
  }
  tickets.push_back(Submit(Context(), TagDeal("deal_none", "hot")));
  EXPECT_FALSE(tickets.back()->done());  // Not even a refusal leaves before the outcome is known.
  Release();
  for (size_t i = 0; i + 1 < tickets.size(); ++i) {
    const auto result = tickets[i]->Wait();
    ASSERT_TRUE(result.ok()) << i << result.status();
    EXPECT_EQ(result->position.value, 3 + i);  // In the order in which they were submitted.
    EXPECT_EQ(result->subject_revision, 1 + i);
  }
  EXPECT_FALSE(tickets.back()->Wait().ok());
  EXPECT_EQ(sequencer_->stats().batches, 3u);  // The tenant, the one held, all the others.
  EXPECT_EQ(TagsInLog("deal_1").size(), 50u);
}

TEST_F(SequencerTest, BreaksBatchesAtTheirLimit) {
  const auto held = HoldInAppend();
  std::vector<std::unique_ptr<Ticket>> tickets;
  for (size_t i = 0; i < eventstore::kCommitsPerBatchMax + 10; ++i) {
    tickets.push_back(Submit(Context(), OpenDeal(absl::StrCat("deal_", i))));
  }
  Release();
  for (const auto& ticket : tickets) ASSERT_TRUE(ticket->Wait().ok());
  EXPECT_EQ(sequencer_->stats().batches, 4u);
}

TEST_F(SequencerTest, RefusesMoreThanACommitMayHold) {
  const auto too_many = [](const domain::CommandMeta&, domain::StateReader&) {
    domain::Decision decision{.subject = {"deal", "deal_1"}};
    for (size_t i = 0; i <= eventstore::kEventsPerCommitMax; ++i) {
      decision.events.push_back(Opened("deal_1"));
    }
    return absl::StatusOr<domain::Decision>(std::move(decision));
  };
  const auto many = Run(too_many);
  EXPECT_EQ(many.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(many.status().message()), HasSubstr("kEventsPerCommitMax"));

  const auto too_large = [](const domain::CommandMeta&, domain::StateReader&) {
    return absl::StatusOr<domain::Decision>(domain::Decision{
        .subject = {"deal", "deal_1"},
        .events = {Tagged("deal_1", std::string(eventstore::kEventBytesMax + 1, 'x'))}});
  };
  const auto large = Run(too_large);
  EXPECT_EQ(base::ReasonOf(large.status()), "LIMIT_EXCEEDED");
  EXPECT_THAT(std::string(large.status().message()), HasSubstr("kEventBytesMax"));
  EXPECT_EQ(HeadPosition(), 1u);
  EXPECT_TRUE(Run(OpenDeal("deal_1")).ok());
}

TEST_F(SequencerTest, DropsACommandWhoseDeadlinePassed) {
  CommandContext context = Context();
  context.deadline = absl::FromUnixMicros(clock_.NowMicros() - 1);
  bool decided = false;
  const auto result = Run(context, [&](const domain::CommandMeta&, domain::StateReader&) {
    decided = true;
    return absl::StatusOr<domain::Decision>(domain::Decision{.subject = {"deal", "deal_1"}});
  });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(decided);
}

TEST_F(SequencerTest, RefusesWhatTheQueueDoesNotHold) {
  options_.queue_bytes_max = 10'000;
  Reopen();
  const auto held = HoldInAppend();
  const auto fits = Submit(Context(), OpenDeal("deal_1"), {}, 8'000);
  const auto refused = Submit(Context(), OpenDeal("deal_2"), {}, 8'000);
  ASSERT_TRUE(refused->done());  // At once, on the calling thread.
  EXPECT_EQ(refused->Wait().status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refused->Wait().status()), "OVERLOADED");
  EXPECT_TRUE(refused->Wait().status().GetPayload("type.googleapis.com/google.rpc.RetryInfo"));
  Release();
  EXPECT_TRUE(fits->Wait().ok());
  EXPECT_TRUE(Run(OpenDeal("deal_2")).ok());  // There is room again.
  sequencer_->Drain();
  EXPECT_EQ(sequencer_->stats().queue_bytes, 0u);
}

TEST_F(SequencerTest, DrainDecidesWhatIsQueuedAndThenRefuses) {
  const auto held = HoldInAppend();
  const auto queued = Submit(Context(), OpenDeal("deal_1"));
  base::Worker drain("drain", [this] { sequencer_->Drain(); });
  Release();
  EXPECT_TRUE(held->Wait().ok());
  EXPECT_TRUE(queued->Wait().ok());
  drain.Join();
  const auto late = Run(OpenDeal("deal_2"));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::ReasonOf(late.status()), "NOT_READY");
  sequencer_->Drain();  // Idempotent.
}

TEST_F(SequencerTest, ManyThreadsLoseAndDoubleNothing) {
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  ASSERT_TRUE(Run(OpenDeal("deal_0")).ok());
  std::atomic<int> failures = 0;
  {
    std::vector<base::Worker> workers;
    for (int t = 0; t < kThreads; ++t) {
      workers.emplace_back(absl::StrCat("submit-", t), [&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string deal = absl::StrCat("deal_", i % 7);
          if (i % 3 == 0) sequencer_->Prefetch(kAcme, {"deal", deal});
          if (!Run(TagDeal("deal_0", absl::StrCat(t, "_", i))).ok()) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(HeadPosition(), 2u + kThreads * kEach);
  EXPECT_EQ(TagsInLog("deal_0").size(), size_t{kThreads * kEach});
  EXPECT_LT(sequencer_->stats().batches, uint64_t{kThreads * kEach});
}

TEST_F(SequencerTest, UsesNoProcessorTimeWhileIdle) {
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  base::Mutex mu;
  base::CondVar never;
  const std::clock_t before = std::clock();
  {
    base::MutexLock lock(mu);
    never.WaitFor(mu, std::chrono::milliseconds(200));
  }
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 20);  // A spinning thread would use 200 ms.
}

}  // namespace
}  // namespace dealog::commands
