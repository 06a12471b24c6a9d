// Method: random schedules of consumers, failures, time, replays and restarts against the machine
// alone; a seed per schedule. What must hold of each: every event is delivered at least once, is
// done exactly once (once more per replay), in the order of its stream, by its newest delivery
// only, and is parked exactly where it failed too often.

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "services/groups/group_machine.h"

namespace dealog::groups {
namespace {

constexpr int kSchedules = 300;
constexpr uint64_t kEvents = 60;
constexpr uint64_t kStreams = 7;
constexpr uint32_t kDeliveriesMax = 3;

// One machine, what its store would hold, and what its consumers saw.
class Schedule {
 public:
  explicit Schedule(uint32_t seed) : random_(seed), lossy_(seed % 2 == 1) {}

  void Run() {
    for (int steps = 0; done_.size() < kEvents; ++steps) {
      ASSERT_LT(steps, 100'000) << "it stands still";
      Step();
      if (testing::Test::HasFatalFailure()) return;
    }
    while (read_ < kEvents) Read();  // A restart may have come last.
    EXPECT_EQ(machine_.checkpoint(), Position{kEvents});
    EXPECT_EQ(machine_.unsettled(), 0u);
    EXPECT_EQ(machine_.in_flight(), 0u);
    Keep(machine_.TakeChanges(true));
    EXPECT_TRUE(counts_.empty());
    for (uint64_t position = 1; position <= kEvents; ++position) {
      EXPECT_GE(deliveries_[position], 1u) << position;
      EXPECT_LE(deliveries_[position], kDeliveriesMax) << position;
    }
  }

 private:
  struct Held {
    ConsumerId consumer;
    DeliveryId id;
  };

  uint64_t Pick(uint64_t below) { return random_() % below; }

  void Step() {
    machine_.Expire(now_);
    Observe();  // Something may have been parked, which lets its stream go on.
    switch (Pick(12)) {
      case 0:
        Read();
        break;
      case 1:
      case 2:
      case 3:
        Deliver();
        break;
      case 4:
        now_ += static_cast<int64_t>(Pick(60));
        break;
      case 5:
        if (Pick(8) == 0) Crash();
        break;
      case 6:
        if (Pick(20) == 0) Restart();
        if (Pick(4) == 0) Replay();
        break;
      default:
        Settle();
    }
    Observe();
  }

  void Read() {
    const uint64_t until = std::min(kEvents, read_ + Pick(10));
    while (read_ < until) {
      ++read_;
      machine_.Admit({.position = Position{read_}, .stream = StreamOf(read_)}, now_);
    }
    machine_.LookedAt(Position{read_});
  }

  void Deliver() {
    const ConsumerId consumer{1 + Pick(3)};
    const auto ids = machine_.Deliver(consumer, 1 + Pick(5), now_);
    const GroupChanges changes = machine_.TakeChanges();
    ASSERT_TRUE(ids.empty() || changes.sync);
    Keep(changes);  // Durable before anybody is told.
    for (const DeliveryId& id : ids) {
      const uint64_t position = id.position.value;
      ASSERT_FALSE(done_.contains(position)) << "delivered after it was done: " << position;
      for (uint64_t earlier = 1; earlier < position; ++earlier) {
        if (StreamOf(earlier) == StreamOf(position)) {
          ASSERT_TRUE(done_.contains(earlier)) << earlier << " should come before " << position;
        }
      }
      ASSERT_EQ(id.number, ++deliveries_[position]) << "a count was lost";
      held_.push_back({consumer, id});
      newest_[position] = id;
    }
  }

  void Settle() {
    if (held_.empty()) return;
    const size_t chosen = Pick(held_.size());
    const Held held = held_[chosen];
    if (Pick(4) != 0) held_.erase(held_.begin() + static_cast<ptrdiff_t>(chosen));  // Else twice.
    Settlement settlement;
    const uint64_t kind = Pick(10);
    if (kind == 0) settlement.kind = Settlement::Kind::kSkip;
    if (kind == 1) settlement.kind = Settlement::Kind::kPark;
    if (kind > 1 && kind < 6) {
      settlement = {.kind = Settlement::Kind::kRetry,
                    .retry_delay_us = static_cast<int64_t>(Pick(2) * Pick(30))};
    }
    const uint64_t position = held.id.position.value;
    const bool taken = machine_.Settle(held.consumer, held.id, settlement, now_);
    if (!taken) return;
    ASSERT_EQ(held.id, newest_[position]) << "a late settlement was taken";
    if (settlement.kind != Settlement::Kind::kRetry && settlement.kind != Settlement::Kind::kPark) {
      ASSERT_TRUE(done_.insert(position).second) << "done twice: " << position;
    }
    MaybeKeep();
  }

  // One of the parked events begins anew, the checkpoint stays.
  void Replay() {
    const uint64_t position = 1 + Pick(kEvents);
    const Position checkpoint = machine_.checkpoint();
    const auto parked = machine_.parked().find(Position{position});
    const bool expected = parked != machine_.parked().end() && !parked->second.replaying;
    ASSERT_EQ(machine_.Replay(Position{position}, now_), expected);
    ASSERT_EQ(machine_.checkpoint(), checkpoint);
    if (!expected) return;
    done_.erase(position);
    deliveries_[position] = 0;
    Keep(machine_.TakeChanges());
  }

  void Crash() { machine_.Leave(ConsumerId{1 + Pick(3)}, now_); }

  // Only what was kept is left. Acks must have been kept here, so that "exactly once" holds.
  void Restart() {
    Keep(machine_.TakeChanges());
    machine_ = GroupMachine(Settings(), checkpoint_, machine_.generation());
    for (const auto& [position, count] : counts_) machine_.RestoreCount(position, count);
    for (const auto& [position, parked] : parked_) machine_.RestoreParked(position, parked);
    read_ = checkpoint_.value;
  }

  // What is parked is done, and had its deliveries, unless a consumer asked for it.
  void Observe() {
    for (const auto& [position, parked] : machine_.parked()) {
      ASSERT_EQ(parked.deliveries, deliveries_[position.value]);
      if (!parked.replaying) done_.insert(position.value);
    }
    ever_done_.insert(done_.begin(), done_.end());
    ASSERT_LE(machine_.checkpoint().value, read_);
    for (uint64_t position = 1; position <= machine_.checkpoint().value; ++position) {
      ASSERT_TRUE(ever_done_.contains(position)) << "the checkpoint is beyond " << position;
    }
  }

  void MaybeKeep() {
    if (lossy_ && Pick(3) != 0) return;
    Keep(machine_.TakeChanges());
  }
  void Keep(const GroupChanges& changes) {
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
  }

  static GroupSettings Settings() {
    return {.max_deliveries = kDeliveriesMax, .ack_timeout_us = 100, .max_in_flight = 8};
  }
  static StreamId StreamOf(uint64_t position) {
    return {"deal", std::to_string(position * 2654435761u % kStreams)};
  }

  std::mt19937 random_;
  const bool lossy_;  // Changes are kept later than they are made.
  int64_t now_ = 1;
  uint64_t read_ = 0;
  GroupMachine machine_{Settings(), Position{0}, 1};
  Position checkpoint_;
  std::map<Position, DeliveryCount> counts_;
  std::map<Position, Parked> parked_;
  std::vector<Held> held_;
  std::map<uint64_t, DeliveryId> newest_;
  std::set<uint64_t> done_;       // Those being replayed left out.
  std::set<uint64_t> ever_done_;  // Those included.
  std::map<uint64_t, uint32_t> deliveries_;
};

TEST(GroupMachineProperty, EveryEventIsDoneOnceInTheOrderOfItsStream) {
  for (int seed = 0; seed < kSchedules; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Schedule(static_cast<uint32_t>(seed)).Run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace dealog::groups
