// Method: given a log (tenant, pipeline, published workflows, a trigger), when the reactor catches
// up, then exactly these events follow.

#include "services/workflow/reactor.h"

#include <atomic>
#include <ctime>

#include "projections/states/stream_types.h"
#include "tests/services/workflow/fixture.h"
#include "tests/support/billing_types.h"

namespace dealog::workflow {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ReactorTest : public WorkflowFixture {
 protected:
  ReactorTest() { Found(); }
};

TEST_F(ReactorTest, CarriesOutEveryActionInOrder) {
  Publish(1,
          "trigger { event_type: 'DealOpened' } "
          "actions { step_id: 'call' create_activity { kind: 'CALL' title: 'Welcome' } } "
          "actions { tag { add: 'new' } } "
          "actions { move_deal { to_stage: 'Offer' } } "
          "actions { set_field { field: 'source' value: 'web' } } "
          "actions { add_note { body: 'Opened by itself' } }");
  OpenDeal(1);
  const uint64_t trigger = Head();
  React();
  EXPECT_THAT(TypesAfter(trigger),
              ElementsAre("InstanceStarted",                      //
                          "ActivityScheduled", "StepCompleted",   //
                          "DealTagged", "StepCompleted",          //
                          "DealStageMoved", "StepCompleted",      //
                          "DealDetailsChanged", "StepCompleted",  //
                          "NoteWritten", "StepCompleted", "InstanceEnded"));
  const auto instances = Instances();
  ASSERT_THAT(instances, SizeIs(1));
  EXPECT_EQ(instances[0].outcome, "COMPLETED");
  EXPECT_EQ(instances[0].workflow_id, Id("workflow", 1));
  EXPECT_EQ(instances[0].workflow_revision, 1u);
  EXPECT_EQ(instances[0].deal_id, Deal(1));
  EXPECT_EQ(instances[0].trigger_position, trigger);
  EXPECT_EQ(instances[0].steps[0].step_id, "call");
  EXPECT_EQ(instances[0].steps[1].step_id, "2");
  const ReactorStats stats = reactor_->stats();
  EXPECT_EQ(stats.instances_started, 1u);
  EXPECT_EQ(stats.steps_completed, 5u);
  EXPECT_EQ(stats.steps_failed, 0u);
  EXPECT_EQ(stats.batches_behind, 0u);
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(ReactorTest, NamesTheCause) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { step_id: 's' tag { add: 'new' } }");
  OpenDeal(1, "", {.correlation_id = "root-7"});
  const uint64_t trigger = Head();
  React();
  const storage::v1::EventHeader tagged = HeaderAt(trigger + 2);
  ASSERT_EQ(tagged.type(), "DealTagged");
  EXPECT_THAT(tagged.actor().principal(),
              AllOf(StartsWith("workflow/" + Id("workflow", 1) + "/revisions/1/instances/wfi_"),
                    ::testing::EndsWith("/steps/s")));
  EXPECT_EQ(tagged.via(), storage::v1::VIA_WORKFLOW);
  EXPECT_EQ(tagged.causation_position(), trigger);
  EXPECT_EQ(tagged.causation_depth(), 1u);
  EXPECT_EQ(tagged.correlation_id(), "root-7");
}

TEST_F(ReactorTest, GivesARootWithoutCorrelationOne) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  OpenDeal(1);
  const uint64_t trigger = Head();
  React();
  EXPECT_THAT(HeaderAt(trigger + 1).correlation_id(), StartsWith("event_"));
  EXPECT_EQ(HeaderAt(trigger + 1).correlation_id(), HeaderAt(trigger + 2).correlation_id());
}

TEST_F(ReactorTest, ReactsWhileItRuns) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  StartReactor();
  for (int i = 1; i <= 20; ++i) OpenDeal(i);
  ASSERT_TRUE(reactor_->WaitCaughtUp(std::chrono::seconds(20)));
  for (int i = 1; i <= 20; ++i) EXPECT_THAT(TagsOf(i), ElementsAre("new")) << i;
  EXPECT_THAT(Instances(), SizeIs(20));
}

TEST_F(ReactorTest, ReactsToWhatIsPublishedWhileItRuns) {
  StartReactor();
  OpenDeal(1);
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'one' } }");
  OpenDeal(2);
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'two' } }");
  OpenDeal(3);
  Stop(1);
  OpenDeal(4);
  ASSERT_TRUE(reactor_->WaitCaughtUp(std::chrono::seconds(20)));
  EXPECT_THAT(TagsOf(1), IsEmpty());
  EXPECT_THAT(TagsOf(2), ElementsAre("one"));
  EXPECT_THAT(TagsOf(3), ElementsAre("two"));
  EXPECT_THAT(TagsOf(4), IsEmpty());
}

TEST_F(ReactorTest, JudgesByWhatWasLiveAtTheEventHoweverLateItIsRead) {
  OpenDeal(1);
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'one' } }");
  OpenDeal(2);
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'two' } }");
  OpenDeal(3);
  Stop(1);
  OpenDeal(4);
  React();
  EXPECT_THAT(TagsOf(1), IsEmpty());
  EXPECT_THAT(TagsOf(2), ElementsAre("one"));
  EXPECT_THAT(TagsOf(3), ElementsAre("two"));
  EXPECT_THAT(TagsOf(4), IsEmpty());
}

TEST_F(ReactorTest, RecordsThatAnActionChangedNothing) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'hot' } }");
  OpenDeal(1, "tags: 'hot'");
  const uint64_t trigger = Head();
  React();
  EXPECT_THAT(TypesAfter(trigger),
              ElementsAre("InstanceStarted", "StepCompleted", "InstanceEnded"));
  EXPECT_EQ(Instances()[0].steps[0].outcome, "NO_EFFECT");
}

TEST_F(ReactorTest, ARefusedActionFailsTheInstanceAndNoOther) {
  Publish(1,
          "trigger { event_type: 'DealOpened' } "
          "actions { tag { add: 'before' } } "
          "actions { step_id: 'lose' move_deal { to_stage: 'Nowhere' } } "
          "actions { tag { add: 'after' } }");
  Publish(2, "trigger { event_type: 'DealOpened' } actions { tag { add: 'other' } }");
  OpenDeal(1);
  React();
  EXPECT_THAT(TagsOf(1), ElementsAre("before", "other"));
  const auto instances = Instances();
  ASSERT_THAT(instances, SizeIs(2));
  EXPECT_EQ(instances[0].outcome, "FAILED");
  ASSERT_THAT(instances[0].steps, SizeIs(2));
  EXPECT_EQ(instances[0].steps[1].step_id, "lose");
  EXPECT_EQ(instances[0].steps[1].outcome, "FAILED");
  EXPECT_EQ(instances[0].steps[1].reason, "STAGE_NOT_FOUND");
  EXPECT_THAT(instances[0].steps[1].message, HasSubstr("Nowhere"));
  EXPECT_EQ(instances[1].outcome, "COMPLETED");
  EXPECT_EQ(reactor_->stats().steps_failed, 1u);
}

TEST_F(ReactorTest, ConditionsSeeTheDealAsOfTheEvent) {
  Publish(1,
          "trigger { event_type: 'DealStageMoved' condition: 'to_stage = Offer AND deal.amount > "
          "1000 AND deal.tags:vip AND NOT deal.tags:done' } actions { tag { add: 'big' } }");
  OpenDeal(1, "tags: 'vip' amount { currency_code: 'EUR' units: 5000 }");
  OpenDeal(2, "tags: 'vip' amount { currency_code: 'EUR' units: 10 }");
  OpenDeal(3, "amount { currency_code: 'EUR' units: 5000 }");
  for (int i = 1; i <= 3; ++i) {
    const auto moved =
        DoText<v1::MoveDealRequest>(absl::StrCat("deal_id: '", Deal(i), "' to_stage: 'Offer'"));
    ASSERT_TRUE(moved.ok()) << moved.status();
  }
  // Tagged after the event, before the reactor comes to it.
  ASSERT_TRUE(Tag(1, "done").ok());
  ASSERT_TRUE(Tag(3, "vip").ok());
  React();
  EXPECT_THAT(TagsOf(1), ElementsAre("big", "done", "vip"));
  EXPECT_THAT(TagsOf(2), ElementsAre("vip"));
  EXPECT_THAT(TagsOf(3), ElementsAre("vip"));
  EXPECT_EQ(reactor_->stats().events_not_triggering, 2u);
}

TEST_F(ReactorTest, ABackDatedEventDoesNotTrigger) {
  Publish(1, "trigger { event_type: 'DealTagged' } actions { add_note { body: 'x' } }");
  Publish(2,
          "trigger { event_type: 'DealTagged' max_trigger_age_seconds: 864000 } "
          "actions { add_note { body: 'patient' } }");
  occurred_at_us_ = clock_.NowMicros() - int64_t{5} * 86'400 * 1'000'000;
  OpenDeal(1);
  ASSERT_TRUE(Tag(1, "old").ok());  // Five days ago.
  occurred_at_us_ = 0;
  React();
  const auto instances = Instances();
  ASSERT_THAT(instances, SizeIs(1));
  EXPECT_EQ(instances[0].workflow_id, Id("workflow", 2));
}

TEST_F(ReactorTest, SuppressedEventsTriggerNothing) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  OpenDeal(1, "", {.suppress_workflows = true});
  OpenDeal(2);
  React();
  EXPECT_THAT(TagsOf(1), IsEmpty());
  EXPECT_THAT(TagsOf(2), ElementsAre("new"));
}

TEST_F(ReactorTest, AWorkflowIsNotTriggeredByWhatItLedToThroughOthers) {
  // 1 tags, 2 sets a field of tagged deals, which is what triggers 1.
  Publish(1, "trigger { event_type: 'DealDetailsChanged' } actions { tag { add: 'seen' } }");
  Publish(2,
          "trigger { event_type: 'DealTagged' } "
          "actions { set_field { field: 'source' value: 'web' } }");
  OpenDeal(1);
  ASSERT_TRUE(DoText<v1::UpdateDealRequest>(absl::StrCat("deal_id: '", Deal(1),
                                                         "' title: 'T' update_mask { paths: "
                                                         "'title' }"))
                  .ok());
  React();
  const auto instances = Instances();
  ASSERT_THAT(instances, SizeIs(2));
  EXPECT_EQ(instances[0].workflow_id, Id("workflow", 1));
  EXPECT_EQ(instances[1].workflow_id, Id("workflow", 2));
}

TEST_F(ReactorTest, ADeclaredLoopEndsAtTheGreatestDepth) {
  // Two actions that undo each other: every instance triggers the next.
  Publish(1,
          "allow_self_trigger: true trigger { event_type: 'DealTagged' } "
          "actions { tag { remove: 'ping' } } actions { tag { add: 'ping' } }");
  OpenDeal(1);
  ASSERT_TRUE(Tag(1, "ping").ok());
  React();
  EXPECT_THAT(Instances(), SizeIs(16));
  uint32_t deepest = 0;
  for (uint64_t position = 1; position <= Head(); ++position) {
    deepest = std::max(deepest, HeaderAt(position).causation_depth());
  }
  EXPECT_EQ(deepest, 16u);
}

TEST_F(ReactorTest, TenantsReactApart) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'acme' } }");
  OpenDeal(1);
  Found({"other"});
  OpenDeal(1);
  Found({"third"});
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'third' } }");
  OpenDeal(1);
  React();
  tenant_ = kAcme;
  EXPECT_THAT(TagsOf(1), ElementsAre("acme"));
  tenant_ = {"other"};
  EXPECT_THAT(TagsOf(1), IsEmpty());
  tenant_ = {"third"};
  EXPECT_THAT(TagsOf(1), ElementsAre("third"));
}

TEST_F(ReactorTest, WaitsWhileTheDiskIsFull) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  OpenDeal(1);
  std::atomic<int> refused = 0;
  log_->before_append = [&](testing::HookedLog::Commits) -> absl::Status {
    if (refused++ >= 2) return absl::OkStatus();
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW", "test");
  };
  React();
  EXPECT_THAT(TagsOf(1), ElementsAre("new"));
  EXPECT_EQ(Instances()[0].outcome, "COMPLETED");
}

TEST_F(ReactorTest, AnInstanceThatCannotBeRecordedIsReportedAndHoldsUpNoOther) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  OpenDeal(1);
  OpenDeal(2);
  int refused = 0;
  log_->refuse = [&](const eventstore::NewCommit& commit) -> absl::Status {
    if (commit.events.front().type != "InstanceStarted" || ++refused > 1) return absl::OkStatus();
    return base::Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "test");
  };
  React();
  EXPECT_EQ(TagsOf(1).size() + TagsOf(2).size(), 1u);
  ASSERT_THAT(Errors(), SizeIs(1));
  EXPECT_EQ(base::ReasonOf(Errors()[0]), "FIELD_INVALID");
  // The next start finds it again.
  log_->refuse = {};
  React();
  EXPECT_EQ(TagsOf(1).size() + TagsOf(2).size(), 2u);
}

TEST_F(ReactorTest, APartitionThatCannotBeReadIsReported) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  OpenDeal(1);
  sequencers_->Drain();
  eventstore::NewCommit damaged{.tenant = kAcme, .recorded_at_us = clock_.NowMicros()};
  damaged.subject = {"deal", Deal(1)};
  damaged.events.push_back({.stream = damaged.subject,
                            .type = "DealOpened",
                            .event_id = std::string(16, 'x'),
                            .payload = "\xff\xff"});
  const eventstore::PartitionId partition{0};
  ASSERT_TRUE(log_->Append(partition, log_->BatchHead(partition).number, {&damaged, 1}).ok());
  StartReactor();
  EXPECT_FALSE(reactor_->WaitCaughtUp(std::chrono::milliseconds(200)));
  reactor_->Stop();
  ASSERT_THAT(Errors(), SizeIs(1));
  EXPECT_EQ(base::ReasonOf(Errors()[0]), "CORRUPT_RECORD");
}

// One read that fails must not silence the workflows until somebody restarts the server.
TEST_F(ReactorTest, GoesOnAfterALogThatCouldNotBeReadForAWhile) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  for (int i = 1; i <= 5; ++i) OpenDeal(i);
  std::atomic<int> polls = 0;
  log_->before_follow = [&polls] {
    return ++polls % 5 == 3 ? absl::UnavailableError("not now") : absl::OkStatus();
  };
  StartReactor();
  OpenDeal(6);
  ASSERT_TRUE(reactor_->WaitCaughtUp(std::chrono::seconds(20)));
  reactor_->Stop();
  EXPECT_GE(polls, 3) << "or nothing failed";
  for (int i = 1; i <= 6; ++i) EXPECT_THAT(TagsOf(i), ElementsAre("new")) << i;
  EXPECT_THAT(Instances(), SizeIs(6));
  EXPECT_EQ(base::ReasonOf(Errors().at(0)), "") << "it was told";
}

TEST_F(ReactorTest, UsesNoProcessorTimeWhileIdle) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  StartReactor();
  ASSERT_TRUE(reactor_->WaitCaughtUp(std::chrono::seconds(20)));
  base::Mutex mu;
  base::CondVar never;
  const std::clock_t before = std::clock();
  {
    base::MutexLock lock(mu);
    never.WaitFor(mu, std::chrono::milliseconds(200));
  }
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 20);
}

// A billing service's events, about deal 1, about one that does not exist, and about none.
TEST_F(ReactorTest, ReactsToEventsOfOtherServicesThatNameADeal) {
  ASSERT_TRUE(DoText<v1::RegisterStreamTypeRequest>(
                  absl::StrCat("name: 'invoice' definition { ",
                               BillingDefinition().ShortDebugString(), " }"))
                  .ok());
  OpenDeal(1, "tags: 'vip'");
  OpenDeal(2);
  Publish(1,
          "trigger { event_type: 'InvoicePaid' condition: 'deal.tags:\"vip\"' } "
          "actions { tag { add: 'paid' } }");
  const auto paid = [&](const std::string& deal_id) {
    const auto appended = DoText<v1::AppendEventsRequest>(
        absl::StrCat("events { stream: 'invoice/1' type: 'InvoicePaid' payload: ",
                     TextBytes(InvoicePaidBytes(deal_id)), " }"));
    ASSERT_TRUE(appended.ok()) << appended.status();
  };
  paid(Deal(1));
  paid(Deal(2));  // Not vip.
  paid(Deal(3));  // Does not exist.
  paid("no id");
  const uint64_t head = Head();
  React();
  EXPECT_THAT(TagsOf(1), ElementsAre("paid", "vip"));
  EXPECT_THAT(TagsOf(2), IsEmpty());
  EXPECT_THAT(TypesAfter(head),
              ElementsAre("InstanceStarted", "DealTagged", "StepCompleted", "InstanceEnded"));
  const auto instances = Instances();
  ASSERT_THAT(instances, SizeIs(1));
  EXPECT_EQ(instances[0].deal_id, Deal(1));
  EXPECT_EQ(reactor_->stats().events_not_triggering, 3u);
  EXPECT_THAT(Errors(), IsEmpty());
}

// A workflow whose publication failed to be taken in is not forgotten.
TEST_F(ReactorTest, TakesAWorkflowInOnceItsTenantCanBeRead) {
  Publish(1, "trigger { event_type: 'DealOpened' } actions { tag { add: 'new' } }");
  OpenDeal(1);
  std::atomic<int> refused = 0;
  log_->before_read = [&refused](const eventstore::StreamId& stream) {
    const bool refuses = stream.type == domain::kTenantStream && refused++ == 0;
    return refuses ? absl::UnavailableError("try later") : absl::OkStatus();
  };
  React();
  EXPECT_GT(refused, 0);
  EXPECT_THAT(Instances(), SizeIs(1));
  EXPECT_THAT(Errors(), SizeIs(1));
}

}  // namespace
}  // namespace dealog::workflow
