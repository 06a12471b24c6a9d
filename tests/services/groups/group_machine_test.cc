// Method: given what the log holds and what was kept, when consumers and time do something, then
// these deliveries, this checkpoint, this is kept. No I/O: time is a number.

#include "services/groups/group_machine.h"

#include <gmock/gmock.h>

namespace dealog::groups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr ConsumerId kAda{1};
constexpr ConsumerId kBob{2};
constexpr int64_t kSecond = 1'000'000;
constexpr Settlement kAck{.kind = Settlement::Kind::kAck};

GroupSettings Settings() {
  return {.max_deliveries = 3, .ack_timeout_us = 10 * kSecond, .max_in_flight = 100};
}

class MachineTest : public testing::Test {
 protected:
  // Events at rising positions, each of the stream named.
  void Given(std::initializer_list<const char*> streams) {
    for (const char* stream : streams) {
      machine_.Admit({.position = Position{++head_},
                      .stream = {"deal", stream},
                      .type = "DealMoved",
                      .recorded_at_us = now_},
                     now_);
    }
    machine_.LookedAt(Position{head_});
  }
  std::vector<uint64_t> Deliver(ConsumerId consumer, size_t credits = 100) {
    std::vector<uint64_t> positions;
    for (const DeliveryId& id : machine_.Deliver(consumer, credits, now_)) {
      positions.push_back(id.position.value);
      last_[id.position.value] = id;
    }
    return positions;
  }
  bool Settle(ConsumerId consumer, uint64_t position, const Settlement& settlement = kAck) {
    return machine_.Settle(consumer, last_.at(position), settlement, now_);
  }
  void After(int64_t micros) {
    now_ += micros;
    machine_.Expire(now_);
  }
  // What a server that is killed now starts with: only what was kept.
  void Restart() {
    Take();
    machine_ = GroupMachine(Settings(), checkpoint_, 1);
    for (const auto& [position, count] : counts_) machine_.RestoreCount(position, count);
    for (const auto& [position, parked] : parked_) machine_.RestoreParked(position, parked);
    head_ = checkpoint_.value;
  }
  GroupChanges Take() {
    GroupChanges changes = machine_.TakeChanges(/*all=*/true);
    const auto apply = [](const auto& from, auto& to) {
      for (const auto& [position, value] : from) {
        if (value) {
          to[position] = *value;
        } else {
          to.erase(position);
        }
      }
    };
    apply(changes.counts, counts_);
    apply(changes.parked, parked_);
    if (changes.checkpoint) checkpoint_ = *changes.checkpoint;
    return changes;
  }

  int64_t now_ = 1000 * kSecond;
  uint64_t head_ = 0;
  std::map<uint64_t, DeliveryId> last_;
  GroupMachine machine_{Settings(), Position{0}, 1};
  Position checkpoint_;
  std::map<Position, DeliveryCount> counts_;
  std::map<Position, Parked> parked_;
};

TEST_F(MachineTest, DeliversInOrderWithinTheCredits) {
  Given({"a", "b", "c"});
  EXPECT_THAT(Deliver(kAda, 2), ElementsAre(1, 2));
  EXPECT_THAT(Deliver(kBob, 2), ElementsAre(3));
  EXPECT_THAT(Deliver(kBob, 2), IsEmpty());
  EXPECT_EQ(machine_.in_flight(), 3u);
  EXPECT_EQ(machine_.in_flight(kAda), 2u);
}

TEST_F(MachineTest, DeliversNoMoreThanMayBeInFlight) {
  GroupSettings settings = Settings();
  settings.max_in_flight = 2;
  machine_.SetSettings(settings);
  Given({"a", "b", "c"});
  EXPECT_THAT(Deliver(kAda), ElementsAre(1, 2));
  ASSERT_TRUE(Settle(kAda, 2));
  EXPECT_THAT(Deliver(kAda), ElementsAre(3));
}

TEST_F(MachineTest, HoldsBackAStreamUntilItsEarlierEventIsDone) {
  Given({"a", "a", "b", "a"});
  EXPECT_THAT(Deliver(kAda), ElementsAre(1, 3));
  EXPECT_THAT(Deliver(kBob), IsEmpty());
  ASSERT_TRUE(Settle(kAda, 1));
  EXPECT_THAT(Deliver(kBob), ElementsAre(2));
  ASSERT_TRUE(Settle(kBob, 2, {.kind = Settlement::Kind::kRetry, .retry_delay_us = kSecond}));
  EXPECT_THAT(Deliver(kAda), IsEmpty());  // 4 waits for 2, which waits for its time.
  EXPECT_EQ(machine_.waiting(), 1u);
  After(kSecond);
  EXPECT_THAT(Deliver(kAda), ElementsAre(2));
}

TEST_F(MachineTest, TheCheckpointIsWhereAllBelowIsDone) {
  Given({"a", "b", "c"});
  Deliver(kAda);
  ASSERT_TRUE(Settle(kAda, 2));
  EXPECT_EQ(machine_.checkpoint(), Position{0});
  ASSERT_TRUE(Settle(kAda, 1));
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  machine_.LookedAt(Position{9});  // Nothing matches up to 9.
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  ASSERT_TRUE(Settle(kAda, 3));
  EXPECT_EQ(machine_.checkpoint(), Position{9});
  Take();
  EXPECT_THAT(counts_, IsEmpty());
  EXPECT_EQ(checkpoint_, Position{9});
}

TEST_F(MachineTest, ADeliveryIsKeptBeforeItIsKnown) {
  Given({"a"});
  Deliver(kAda);
  const GroupChanges delivered = Take();
  EXPECT_TRUE(delivered.sync);
  EXPECT_EQ(counts_.at(Position{1}), (DeliveryCount{1, false}));
  ASSERT_TRUE(Settle(kAda, 1));
  EXPECT_FALSE(Take().sync);  // An ack that is lost only means another delivery.
}

TEST_F(MachineTest, ACheckpointThatNothingMatchedWaitsForMore) {
  machine_.LookedAt(Position{kCheckpointEvents - 1});
  EXPECT_TRUE(machine_.TakeChanges().empty());
  machine_.LookedAt(Position{kCheckpointEvents});
  EXPECT_EQ(machine_.TakeChanges().checkpoint, Position{kCheckpointEvents});
}

TEST_F(MachineTest, ALateAckIsRefused) {
  Given({"a"});
  Deliver(kAda);
  const DeliveryId first = last_.at(1);
  After(10 * kSecond);
  EXPECT_FALSE(machine_.Settle(kAda, first, kAck, now_));
  EXPECT_THAT(Deliver(kAda), ElementsAre(1));
  EXPECT_EQ(last_.at(1).number, 2u);
  EXPECT_FALSE(machine_.Settle(kAda, first, kAck, now_));  // Its number is stale.
  EXPECT_EQ(machine_.checkpoint(), Position{0});
  EXPECT_TRUE(Settle(kAda, 1));
  EXPECT_FALSE(Settle(kAda, 1));  // Not twice.
}

TEST_F(MachineTest, AnAckOfAnotherConsumerOrGenerationOrPositionIsRefused) {
  Given({"a"});
  Deliver(kAda);
  EXPECT_FALSE(Settle(kBob, 1));
  DeliveryId id = last_.at(1);
  id.generation = 2;
  EXPECT_FALSE(machine_.Settle(kAda, id, kAck, now_));
  EXPECT_FALSE(machine_.Settle(kAda, {1, Position{7}, 1}, kAck, now_));
  EXPECT_TRUE(Settle(kAda, 1));
}

TEST_F(MachineTest, ParksAfterMaxDeliveriesHoweverEachFailed) {
  Given({"a", "a"});
  EXPECT_THAT(Deliver(kAda), ElementsAre(1));
  machine_.Leave(kAda, now_);  // Crashed before any nack.
  EXPECT_THAT(Deliver(kBob), ElementsAre(1));
  After(10 * kSecond);  // Never answered.
  EXPECT_THAT(Deliver(kBob), ElementsAre(1));
  ASSERT_TRUE(Settle(kBob, 1, {.kind = Settlement::Kind::kRetry, .reason = "no such host"}));
  ASSERT_EQ(machine_.parked().size(), 1u);
  const Parked& parked = machine_.parked().at(Position{1});
  EXPECT_EQ(parked.deliveries, 3u);
  EXPECT_EQ(parked.reason, "no such host");
  EXPECT_EQ(parked.stream.id, "a");
  EXPECT_TRUE(Take().sync);
  EXPECT_EQ(machine_.checkpoint(), Position{1});
  EXPECT_THAT(Deliver(kBob), ElementsAre(2));  // The stream goes on.
}

TEST_F(MachineTest, ParksWhatWasDeliveredTooOftenBeforeARestart) {
  Given({"a"});
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Deliver(kAda), ElementsAre(1));
    Restart();  // Killed while it was delivered.
    Given({"a"});
  }
  EXPECT_THAT(Deliver(kAda), IsEmpty());
  EXPECT_EQ(machine_.parked().at(Position{1}).deliveries, 3u);
}

TEST_F(MachineTest, NacksParkAndSkipAtOnce) {
  Given({"a", "b"});
  Deliver(kAda);
  ASSERT_TRUE(Settle(kAda, 1, {.kind = Settlement::Kind::kPark, .reason = "odd"}));
  ASSERT_TRUE(Settle(kAda, 2, {.kind = Settlement::Kind::kSkip}));
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  EXPECT_EQ(machine_.parked().size(), 1u);
  EXPECT_EQ(machine_.unsettled(), 0u);
}

TEST_F(MachineTest, AReplayLeavesTheCheckpointAlone) {
  Given({"a", "a", "b"});
  Deliver(kAda);
  ASSERT_TRUE(Settle(kAda, 1, {.kind = Settlement::Kind::kPark}));
  ASSERT_THAT(Deliver(kAda), ElementsAre(2));
  EXPECT_FALSE(machine_.Replay(Position{2}, now_));  // Not parked.
  ASSERT_TRUE(machine_.Replay(Position{1}, now_));
  EXPECT_FALSE(machine_.Replay(Position{1}, now_));  // Is being replayed.
  EXPECT_EQ(machine_.checkpoint(), Position{1});
  EXPECT_THAT(Deliver(kBob), IsEmpty());  // 2 of the same stream is in flight.
  ASSERT_TRUE(Settle(kAda, 2));
  EXPECT_THAT(Deliver(kBob), ElementsAre(1));
  EXPECT_EQ(last_.at(1).number, 1u);
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  ASSERT_TRUE(Settle(kBob, 1));
  EXPECT_THAT(machine_.parked(), IsEmpty());
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  Take();
  EXPECT_THAT(parked_, IsEmpty());
}

TEST_F(MachineTest, AnAckFromBeforeAReplayIsRefused) {
  Given({"a"});
  Deliver(kAda);
  const DeliveryId first = last_.at(1);
  Settle(kAda, 1, {.kind = Settlement::Kind::kPark});
  machine_.Replay(Position{1}, now_);
  ASSERT_THAT(Deliver(kAda), ElementsAre(1));
  EXPECT_EQ(last_.at(1).number, first.number);  // Counts begin anew, ids do not.
  EXPECT_FALSE(machine_.Settle(kAda, first, kAck, now_));
  EXPECT_TRUE(Settle(kAda, 1));
}

TEST_F(MachineTest, AReplayThatFailsIsParkedAgainAlsoOverARestart) {
  Given({"a"});
  Deliver(kAda);
  Settle(kAda, 1, {.kind = Settlement::Kind::kPark});
  machine_.Replay(Position{1}, now_);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Deliver(kAda), ElementsAre(1));
    Restart();
    EXPECT_EQ(machine_.replaying(), 1u);
  }
  EXPECT_THAT(Deliver(kAda), ElementsAre(1));
  EXPECT_EQ(last_.at(1).number, 3u);
  Restart();
  EXPECT_EQ(machine_.replaying(), 0u);
  EXPECT_EQ(machine_.parked().at(Position{1}).deliveries, 3u);
  EXPECT_FALSE(machine_.parked().at(Position{1}).replaying);
}

TEST_F(MachineTest, ARestartDeliversWhatWasNotDoneAndNothingElse) {
  Given({"a", "b", "c", "d"});
  Deliver(kAda);
  Settle(kAda, 2);
  Settle(kAda, 4);
  Restart();
  EXPECT_EQ(machine_.checkpoint(), Position{0});
  Given({"a", "b", "c", "d"});
  EXPECT_THAT(Deliver(kBob), ElementsAre(1, 3));
  EXPECT_EQ(last_.at(1).number, 2u);
  Settle(kBob, 1);
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  Settle(kBob, 3);
  EXPECT_EQ(machine_.checkpoint(), Position{4});
  Take();
  EXPECT_THAT(counts_, IsEmpty());
}

TEST_F(MachineTest, CountsOfEventsThatNoLongerMatchGoWithTheCheckpoint) {
  Given({"a", "b"});
  Deliver(kAda);
  Restart();
  machine_.LookedAt(Position{2});  // The filter was changed.
  EXPECT_EQ(machine_.checkpoint(), Position{2});
  Take();
  EXPECT_THAT(counts_, IsEmpty());
}

TEST_F(MachineTest, DeliversNothingWhileTooMuchIsParked) {
  for (uint64_t i = 1; i <= kParkedMax; ++i) {
    machine_.RestoreParked(Position{i}, {.stream = {"deal", "old"}});
  }
  Given({"a"});
  EXPECT_TRUE(machine_.halted());
  EXPECT_THAT(Deliver(kAda), IsEmpty());
  ASSERT_TRUE(machine_.Replay(Position{1}, now_));
  EXPECT_FALSE(machine_.halted());
}

TEST_F(MachineTest, KnowsWhenItLastGotOn) {
  Given({"a", "b"});
  EXPECT_EQ(machine_.progress_at_us(), now_);
  const int64_t given = now_;
  After(5 * kSecond);
  Deliver(kAda);
  After(1 * kSecond);
  EXPECT_EQ(machine_.progress_at_us(), given);  // Deliveries are no progress.
  Settle(kAda, 1);
  EXPECT_EQ(machine_.progress_at_us(), now_);
}

TEST_F(MachineTest, TellsWhenTimeMatters) {
  EXPECT_EQ(machine_.NextDeadline(), std::nullopt);
  Given({"a"});
  Deliver(kAda);
  EXPECT_EQ(machine_.NextDeadline(), now_ + 10 * kSecond);
  Settle(kAda, 1, {.kind = Settlement::Kind::kRetry, .retry_delay_us = 3 * kSecond});
  EXPECT_EQ(machine_.NextDeadline(), now_ + 3 * kSecond);
}

TEST_F(MachineTest, ReadsAheadOnlySoFar) {
  for (size_t i = 0; i < kWindowEventsMax; ++i) {
    ASSERT_TRUE(machine_.HasRoom());
    Given({"a"});
  }
  EXPECT_FALSE(machine_.HasRoom());
  Deliver(kAda);
  Settle(kAda, 1);
  EXPECT_TRUE(machine_.HasRoom());
}

TEST(DeliveryIds, ReadAsTheyAreWritten) {
  DeliveryId id;
  ASSERT_TRUE(ParseDeliveryId(FormatDeliveryId({3, Position{42}, 2}), id));
  EXPECT_EQ(id, (DeliveryId{3, Position{42}, 2}));
  for (const char* bad : {"", "3", "3-42", "3-42-2-1", "3-42-x", "03-42-2", " 3-42-2", "3-42--2"}) {
    EXPECT_FALSE(ParseDeliveryId(bad, id)) << bad;
  }
}

}  // namespace
}  // namespace dealog::groups
