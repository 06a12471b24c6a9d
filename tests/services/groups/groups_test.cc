// Method: groups on a log and a store in memory; consumers as a caller has them, waited for. A
// crash of the machine is a new start on the rows that were synced.

#include "services/groups/groups.h"

#include <gmock/gmock.h>

#include <string>

#include "eventstore/base/error.h"
#include "tests/services/groups/fixture.h"

namespace dealog::groups {
namespace {

using eventstore::MakeCommit;
using eventstore::MakeEvent;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class GroupsTest : public GroupsFixture {};

TEST_F(GroupsTest, DeliversWhatThereIsAndWhatComes) {
  Append({"deal/1", "deal/2"});
  Create();
  const auto consumer = Join();
  const auto first = Take(*consumer, 2);
  EXPECT_THAT(Positions(first), ElementsAre(1, 2));
  EXPECT_EQ(HeaderOf(first[0].event).stream().id(), "1");
  Append({"deal/3"});
  const auto live = Take(*consumer, 1);
  EXPECT_THAT(Positions(live), ElementsAre(3));
  consumer->Settle({first[0].id, first[1].id, live[0].id}, kAck);
  const GroupStatus status = Status();
  EXPECT_EQ(status.checkpoint, Position{3});
  EXPECT_EQ(status.lag_events, 0u);
  EXPECT_EQ(status.seconds_since_progress, 0);
  ASSERT_THAT(status.consumers, SizeIs(1));
  EXPECT_EQ(status.consumers[0].credits, 97u);
}

TEST_F(GroupsTest, TellsTheCheckpointFirst) {
  Create();
  const auto consumer = Join();
  std::optional<Position> started;
  for (int i = 0; i < 2000 && !started; ++i) {
    started = consumer->Take(1).started;
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(started, Position{0});
}

TEST_F(GroupsTest, SendsNoMoreThanTheCredits) {
  Append({"deal/1", "deal/2", "deal/3"});
  Create();
  const auto consumer = Join(1);
  EXPECT_THAT(Take(*consumer, 1), SizeIs(1));
  EXPECT_EQ(Status().in_flight, 1u);
  consumer->AddCredits(1);
  EXPECT_THAT(Positions(Take(*consumer, 1)), ElementsAre(2));
  EXPECT_EQ(Status().in_flight, 2u);
}

TEST_F(GroupsTest, ConsumersShareAGroupAndTakeOverFromEachOther) {
  Append({"deal/1", "deal/2", "deal/3", "deal/4"});
  Create();
  auto ada = Join(2);
  const auto adas = Take(*ada, 2);
  const auto bob = Join(10);
  EXPECT_THAT(Positions(Take(*bob, 2)), ElementsAre(3, 4));
  ada->Settle({adas[0].id}, kAck);
  ada.reset();  // Goes away with one event in hand.
  const auto taken_over = Take(*bob, 1);
  ASSERT_THAT(Positions(taken_over), ElementsAre(2));
  EXPECT_EQ(taken_over[0].id.number, 2u);
}

TEST_F(GroupsTest, OnlyWhatTheFilterLetsThroughMovesOnTheCheckpointToo) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1", "DealMoved")})).ok());
  }
  ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1", "DealWon")})).ok());
  ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1", "DealMoved")})).ok());
  Create({.filter = {.event_types = {"DealWon"}}});
  const auto consumer = Join();
  const auto won = Take(*consumer, 1);
  ASSERT_THAT(Positions(won), ElementsAre(6));
  consumer->Settle({won[0].id}, kAck);
  EXPECT_EQ(Status().checkpoint, Position{7});
}

TEST_F(GroupsTest, ACountSurvivesACrashBeforeAnyNack) {
  Append({"deal/poison", "deal/2"});
  Create({.max_deliveries = 2});
  for (uint32_t number = 1; number <= 2; ++number) {
    auto consumer = Join();
    const auto taken = Take(*consumer, 2);
    ASSERT_THAT(Positions(taken), ElementsAre(1, 2));
    EXPECT_EQ(taken[0].id.number, number);
    if (number == 2) consumer->Settle({taken[1].id}, kAck);
    const auto rows = store_.Synced();  // The machine crashes here.
    consumer.reset();
    groups_.reset();
    store_.Load(rows);
    Start();
  }
  const auto consumer = Join();
  for (int i = 0; i < 2000 && Status().parked < 2; ++i) absl::SleepFor(absl::Milliseconds(1));
  const ParkedEvents parked = groups_->ListParked(kGroup, Position{0}, 10).value();
  ASSERT_THAT(parked, SizeIs(2));  // The ack of 2 was not synced: it was delivered twice as well.
  EXPECT_EQ(parked[0].second.deliveries, 2u);
  EXPECT_EQ(parked[0].second.stream.id, "poison");
  EXPECT_THAT(groups_->ListParked(kGroup, Position{1}, 10).value(), SizeIs(1));
}

TEST_F(GroupsTest, AGroupGoesOnAfterAStopWhereItWas) {
  Append({"deal/1", "deal/2", "deal/3"});
  Create();
  auto consumer = Join(3);
  const auto taken = Take(*consumer, 3);
  consumer->Settle({taken[0].id, taken[2].id}, kAck);
  EXPECT_EQ(Status().checkpoint, Position{1});
  consumer.reset();
  groups_->Stop();
  CrashAndStart();
  EXPECT_EQ(Status().checkpoint, Position{1});
  consumer = Join();
  const auto again = Take(*consumer, 1);
  ASSERT_THAT(Positions(again), ElementsAre(2));
  consumer->Settle({again[0].id}, kAck);
  EXPECT_EQ(Status().checkpoint, Position{3});
}

// A checkpoint and a reset may lie within a commit, which the log delivers whole.
TEST_F(GroupsTest, GoesOnInTheMiddleOfACommit) {
  ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2"),
                                                   MakeEvent("deal/3")}))
                  .ok());
  Create();
  auto consumer = Join();
  auto taken = Take(*consumer, 3);
  consumer->Settle({taken[0].id}, kAck);
  EXPECT_EQ(Status().checkpoint, Position{1});
  consumer.reset();
  groups_->Stop();
  CrashAndStart();
  consumer = Join();
  taken = Take(*consumer, 2);
  ASSERT_THAT(Positions(taken), ElementsAre(2, 3));
  consumer->Settle({taken[0].id, taken[1].id}, kAck);
  EXPECT_EQ(Status().checkpoint, Position{3});
  ASSERT_TRUE(groups_->Reset(kGroup, Position{2}).ok());
  EXPECT_THAT(Positions(Take(*consumer, 1)), ElementsAre(3));
}

// An event that was read keeps its whole commit in memory.
TEST_F(GroupsTest, ReadsAheadOnlySoManyBytesOfCommits) {
  const std::string large(1'000'000, 'x');
  constexpr size_t kCommits = 24;
  for (size_t i = 0; i < kCommits; ++i) {
    ASSERT_TRUE(
        AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/" + std::to_string(i), "DealWon"),
                                             MakeEvent("note/1", "NoteAdded", large)}))
            .ok());
  }
  Create({.filter = {.event_types = {"DealWon"}}});
  const auto consumer = Join();
  size_t taken = 0;
  for (size_t at_a_time = 0; taken < kCommits; taken += at_a_time) {
    const std::vector<Delivered> some = Take(*consumer, 1);
    at_a_time = some.size();
    ASSERT_GT(at_a_time, 0u);
    EXPECT_LE(Status().in_flight, kWindowBytesMax / large.size() + 1);
    for (const Delivered& delivery : some) consumer->Settle({delivery.id}, kAck);
  }
  EXPECT_EQ(Status().checkpoint, Position{2 * kCommits});
}

TEST_F(GroupsTest, ASettlementAfterTheAckTimeoutIsRefused) {
  Append({"deal/1"});
  Create({.ack_timeout_us = kAckTimeoutMicrosMin});
  const auto consumer = Join();
  const auto first = Take(*consumer, 1);
  const auto second = Take(*consumer, 1);
  ASSERT_THAT(Positions(second), ElementsAre(1));
  EXPECT_EQ(second[0].id.number, 2u);
  consumer->Settle({first[0].id}, kAck);
  EXPECT_THAT(Stale(*consumer), ElementsAre(first[0].id));
  EXPECT_EQ(Status().checkpoint, Position{0});
}

TEST_F(GroupsTest, ParkedEventsAreReplayedBySelection) {
  Append({"deal/1", "contact/2", "deal/3"});
  Create();
  const auto consumer = Join();
  for (const Delivered& delivery : Take(*consumer, 3)) {
    consumer->Settle({delivery.id}, {.kind = Settlement::Kind::kPark, .reason = "later"});
  }
  EXPECT_EQ(Status().parked, 3u);
  EXPECT_EQ(Status().checkpoint, Position{3});
  EXPECT_EQ(groups_->Replay(kGroup, std::nullopt, {.stream_types = {"contact"}}).value(), 1u);
  const auto contact = Take(*consumer, 1);
  EXPECT_THAT(Positions(contact), ElementsAre(2));
  EXPECT_EQ(groups_->Replay(kGroup, std::vector{Position{3}, Position{9}}, {}).value(), 1u);
  const auto third = Take(*consumer, 1);
  EXPECT_THAT(Positions(third), ElementsAre(3));
  consumer->Settle({contact[0].id, third[0].id}, kAck);
  const GroupStatus status = Status();
  EXPECT_EQ(status.parked, 1u);
  EXPECT_EQ(status.replaying, 0u);
  EXPECT_EQ(status.checkpoint, Position{3});
}

TEST_F(GroupsTest, AResetDeliversAgainAndMakesWhatIsInFlightStale) {
  Append({"deal/1", "deal/2", "deal/3"});
  Create();
  const auto consumer = Join();
  const auto taken = Take(*consumer, 3);
  consumer->Settle({taken[0].id}, {.kind = Settlement::Kind::kPark});
  consumer->Settle({taken[1].id}, {.kind = Settlement::Kind::kPark});
  ASSERT_TRUE(groups_->Reset(kGroup, Position{1}).ok());
  EXPECT_EQ(Status().parked, 1u);  // That at 2 comes again.
  const auto again = Take(*consumer, 2);
  ASSERT_THAT(Positions(again), ElementsAre(2, 3));
  EXPECT_EQ(again[0].id.number, 1u);
  consumer->Settle({taken[2].id}, kAck);
  EXPECT_THAT(Stale(*consumer), ElementsAre(taken[2].id));
  EXPECT_EQ(base::ReasonOf(groups_->Reset(kGroup, Position{4}).status()), "FIELD_INVALID");
  EXPECT_EQ(groups_->Reset(kGroup, std::nullopt)->checkpoint, Position{3});
}

TEST_F(GroupsTest, UpdatesOnlyWhatTheMaskNames) {
  Create();
  const auto updated =
      groups_->Update(kGroup, {.max_deliveries = 9, .max_in_flight = 7}, {.max_deliveries = true});
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->settings.max_deliveries, 9u);
  EXPECT_EQ(updated->settings.max_in_flight, kMaxInFlightDefault);
  CrashAndStart();
  EXPECT_EQ(Status().settings.max_deliveries, 9u);
}

TEST_F(GroupsTest, DeletesWithAllRowsAndEndsItsConsumers) {
  Append({"deal/1"});
  const size_t rows = store_.size();
  Create();
  const auto consumer = Join();
  Take(*consumer, 1);
  ASSERT_TRUE(groups_->Delete(kGroup).ok());
  EXPECT_EQ(base::ReasonOf(EndOf(*consumer)), "GROUP_NOT_FOUND");
  EXPECT_EQ(store_.size(), rows);
}

TEST_F(GroupsTest, RefusesWhatItCanNotDo) {
  EXPECT_EQ(base::ReasonOf(groups_->Get(kGroup).status()), "GROUP_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(groups_->Delete(kGroup)), "GROUP_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(groups_->Replay(kGroup, std::nullopt, {}).status()), "GROUP_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(EndOf(*Join())), "GROUP_NOT_FOUND");
  Create();
  EXPECT_EQ(base::ReasonOf(groups_->Create(kGroup, {}, std::nullopt).status()), "GROUP_EXISTS");
  for (const char* name : {"", "-a", "A", "a b", "a/b"}) {
    EXPECT_EQ(base::ReasonOf(groups_->Create({{"acme"}, name}, {}, std::nullopt).status()),
              "FIELD_INVALID")
        << name;
  }
  const GroupName other{{"acme"}, "other"};
  for (const GroupSettings& settings :
       {GroupSettings{.max_deliveries = 0}, GroupSettings{.max_deliveries = kMaxDeliveriesMax + 1},
        GroupSettings{.max_in_flight = kMaxInFlightMax + 1}, GroupSettings{.ack_timeout_us = 1}}) {
    EXPECT_EQ(base::ReasonOf(groups_->Create(other, settings, std::nullopt).status()),
              "FIELD_INVALID");
  }
  EXPECT_EQ(base::ReasonOf(groups_->Create(other, {}, Position{1}).status()), "FIELD_INVALID");
  EXPECT_THAT(groups_->List({"acme"}).value(), SizeIs(1));
  EXPECT_THAT(groups_->List({"other"}).value(), IsEmpty());
}

TEST_F(GroupsTest, HoldsOnlySoManyGroupsAndConsumers) {
  for (size_t i = 0; i < kGroupsPerTenantMax; ++i) {
    ASSERT_TRUE(groups_->Create({{"acme"}, "g" + std::to_string(i)}, {}, std::nullopt).ok());
  }
  EXPECT_EQ(base::ReasonOf(groups_->Create(kGroup, {}, std::nullopt).status()), "LIMIT_EXCEEDED");
  std::vector<std::unique_ptr<Consumer>> consumers;
  for (size_t i = 0; i < kConsumersPerGroupMax; ++i) {
    consumers.push_back(groups_->Join({{"acme"}, "g0"}, "c", 0));
  }
  EXPECT_EQ(base::ReasonOf(EndOf(*groups_->Join({{"acme"}, "g0"}, "c", 0))), "LIMIT_EXCEEDED");
}

TEST_F(GroupsTest, AGroupOfTheSameNameKnowsNothingOfTheOneThatWasDeleted) {
  Append({"deal/1", "deal/2"});
  Create();
  auto consumer = Join();
  const auto taken = Take(*consumer, 2);
  consumer->Settle({taken[0].id}, {.kind = Settlement::Kind::kPark});
  ASSERT_EQ(Status().parked, 1u);
  ASSERT_TRUE(groups_->Delete(kGroup).ok());
  Create();
  EXPECT_EQ(Status().parked, 0u);
  consumer = Join();
  ASSERT_THAT(Positions(Take(*consumer, 2)), ElementsAre(1, 2));
  consumer->Settle({taken[1].id}, kAck);
  EXPECT_THAT(Stale(*consumer), ElementsAre(taken[1].id));
}

TEST_F(GroupsTest, StopsForGoodWhenNothingCanBeKept) {
  Append({"deal/1"});
  Create();
  const auto consumer = Join(0);
  store_.FailWith(absl::ResourceExhaustedError("disk full"));
  consumer->AddCredits(1);
  const absl::Status end = EndOf(*consumer);
  EXPECT_EQ(base::ReasonOf(end), "NOT_READY");
  EXPECT_THAT(std::string(end.message()), testing::HasSubstr("disk full"));
  EXPECT_EQ(base::ReasonOf(groups_->Get(kGroup).status()), "NOT_READY");
  EXPECT_EQ(base::ReasonOf(EndOf(*Join())), "NOT_READY");
}

TEST_F(GroupsTest, TellsHowLongNothingWasDone) {
  Append({"deal/1"});
  Create();
  EXPECT_EQ(Status().lag_events, 1u);
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_GT(Status().seconds_since_progress, 0.01);  // Nobody consumes.
  const auto consumer = Join();
  const auto taken = Take(*consumer, 1);
  EXPECT_GT(Status().seconds_since_progress, 0.01);  // A delivery is no progress.
  consumer->Settle({taken[0].id}, kAck);
  EXPECT_EQ(Status().seconds_since_progress, 0);
}

TEST_F(GroupsTest, NothingToDoIsNoStandstill) {
  Append({"deal/1", "deal/2"});
  Create({.filter = {.event_types = {"DealWon"}}});
  EXPECT_EQ(Status().lag_events, 2u);
  EXPECT_EQ(Status().seconds_since_progress, 0);  // Nobody consumes, and nothing matches.
  ASSERT_TRUE(AppendOne(*log_, MakeCommit("acme", {MakeEvent("deal/1", "DealWon")})).ok());
  absl::SleepFor(absl::Milliseconds(2));
  EXPECT_GT(Status().seconds_since_progress, 0);
  ASSERT_TRUE(
      groups_->Update(kGroup, {.filter = {.event_types = {"DealLost"}}}, {.filter = true}).ok());
  EXPECT_EQ(Status().seconds_since_progress, 0);
}

TEST_F(GroupsTest, EndsConsumersAndCallsWhenItStops) {
  Create();
  const auto consumer = Join();
  groups_->Stop();
  EXPECT_EQ(base::ReasonOf(EndOf(*consumer)), "NOT_READY");
  EXPECT_EQ(base::ReasonOf(groups_->Get(kGroup).status()), "NOT_READY");
  EXPECT_EQ(base::ReasonOf(EndOf(*Join())), "NOT_READY");
}

TEST_F(GroupsTest, AConsumerThatLeavesEndsWell) {
  Append({"deal/1"});
  Create();
  const auto consumer = Join();
  const auto taken = Take(*consumer, 1);
  consumer->Settle({taken[0].id}, kAck);
  consumer->Leave();
  EXPECT_TRUE(EndOf(*consumer).ok());
  EXPECT_EQ(Status().checkpoint, Position{1});
  EXPECT_THAT(Status().consumers, IsEmpty());
}

}  // namespace
}  // namespace dealog::groups
