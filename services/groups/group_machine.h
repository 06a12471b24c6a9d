#pragma once

// What becomes of a group's events, as a pure state machine: no I/O, no clock, no threads.
//
//   machine.Admit({.position = p, .stream = deal, .type = "DealWon"});
//   for (const DeliveryId& id : machine.Deliver(ada, /*credits=*/10, now_us)) Send(id);
//   machine.Settle(ada, id, {.kind = Settlement::Kind::kAck}, now_us);
//   Write(machine.TakeChanges());

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/groups/group_types.h"

namespace dealog::groups {

// An event that the group's filter lets through.
struct GroupEvent {
  Position position;
  StreamId stream;
  std::string type;
  int64_t recorded_at_us = 0;
};

// What must be kept of the changes since the last time; the caller writes it whole or not at all.
struct GroupChanges {
  std::map<Position, std::optional<DeliveryCount>> counts;  // Unset: forget it.
  std::map<Position, std::optional<Parked>> parked;         // Unset: forget it.
  std::optional<Position> checkpoint;
  // Something was delivered or put aside: durable before anybody is told.
  bool sync = false;
  bool empty() const { return counts.empty() && parked.empty() && !checkpoint; }
};

// Thread safety: none.
// Invariants: of each stream at most one event is in flight, and only once every earlier one that
// the group was given is done (acked, skipped or parked); a position is delivered at most
// max_deliveries times before it is parked; a delivery is settled at most once; everything up to
// the checkpoint is done.
class GroupMachine {
 public:
  GroupMachine(const GroupSettings& settings, Position checkpoint, uint64_t generation);

  // ---- After a restart, before anything else: what was kept.
  void RestoreCount(Position position, DeliveryCount count);
  void RestoreParked(Position position, Parked parked);

  // ---- What the log holds, in rising order.
  // `now_us` matters for an event whose deliveries were used up before a restart: it is parked.
  void Admit(GroupEvent event, int64_t now_us);
  // Everything up to here was looked at.
  void LookedAt(Position position);
  // False while too much is read ahead.
  bool HasRoom() const { return window_.size() < kWindowEventsMax; }

  // ---- Consumers and time.
  // Hands out at most `credits` events, lowest position first, each counted.
  std::vector<DeliveryId> Deliver(ConsumerId consumer, size_t credits, int64_t now_us);
  // False if the delivery is not in flight at this consumer: it is stale, nothing changes.
  bool Settle(ConsumerId consumer, const DeliveryId& id, const Settlement& settlement,
              int64_t now_us);
  // What the consumer has not settled counts as failed.
  void Leave(ConsumerId consumer, int64_t now_us);
  // Deliveries past their ack timeout count as failed, waits that are over end.
  void Expire(int64_t now_us);
  // When Expire has something to do next.
  std::optional<int64_t> NextDeadline() const;

  // ---- What people do.
  void SetSettings(const GroupSettings& settings);
  // Delivers a parked event again, from count 0 and in a generation of its own; false if it is not
  // parked or being replayed.
  bool Replay(Position position, int64_t now_us);

  // ---- What there is.
  const std::map<Position, Parked>& parked() const { return parked_; }
  Position checkpoint() const { return checkpoint_; }
  Position looked_at() const { return looked_at_; }
  uint64_t generation() const { return generation_; }
  size_t in_flight() const { return in_flight_; }
  size_t in_flight(ConsumerId consumer) const;
  size_t waiting() const { return waiting_; }
  size_t replaying() const { return replays_.size(); }
  // Events that could be delivered now, were there credits.
  size_t ready() const { return ready_.size(); }
  // Given and not done.
  size_t unsettled() const { return unsettled_; }
  // Nothing is delivered because too much is parked.
  bool halted() const { return parked_.size() - replays_.size() >= kParkedMax; }
  // When an event was last done, or was recorded where there was none to do. µs since 1970.
  int64_t progress_at_us() const { return progress_at_us_; }
  void SetProgressAt(int64_t time_us) { progress_at_us_ = time_us; }

  // The changes since the last call. A checkpoint that moved only past what does not match waits
  // for kCheckpointEvents, unless `all`.
  GroupChanges TakeChanges(bool all = false);
  // Positions that were done since the last call: nobody needs their events any more.
  std::vector<Position> TakeDone() { return std::exchange(done_, {}); }

 private:
  enum class State { kReady, kInFlight, kWaiting, kDone };
  struct Entry {
    StreamId stream;
    std::string type;
    State state = State::kReady;
    bool replay = false;
    bool kept = false;  // A count of it is in the store, or on its way there.
    uint64_t generation = 0;
    uint32_t deliveries = 0;
    ConsumerId consumer;  // kInFlight.
    int64_t due_us = 0;   // kInFlight, kWaiting: when Expire acts.
  };
  struct Stream {
    std::set<Position> open;  // Not done.
    bool busy = false;        // One of them is in flight.
    Position offered;         // Which of them is in ready_; 0 = none.
  };

  Entry* Find(Position position);
  void Open(Position position, Entry& entry);
  // Puts the stream's next event into ready_, if it may be delivered.
  void Offer(const StreamId& id);
  // Takes an entry out of flight or out of its wait.
  void Withdraw(Position position, Entry& entry);
  void Fail(Position position, Entry& entry, int64_t delay_us, std::string reason, int64_t now_us);
  void Park(Position position, Entry& entry, std::string reason, int64_t now_us);
  // Acked, skipped, or parked; the entry may be gone afterwards.
  void Close(Position position, Entry& entry, bool parked, int64_t now_us);
  void AdvanceCheckpoint();
  void KeepCount(Position position, Entry& entry);

  GroupSettings settings_;
  uint64_t generation_;
  Position checkpoint_;
  Position kept_checkpoint_;
  Position looked_at_;
  std::map<Position, Entry> window_;   // Beyond the checkpoint, rising.
  std::map<Position, Entry> replays_;  // Parked events that are delivered again.
  std::map<Position, Parked> parked_;  // Those being replayed included.
  std::map<Position, DeliveryCount> restored_;
  absl::flat_hash_map<StreamId, Stream> streams_;
  std::set<Position> ready_;
  std::set<std::pair<int64_t, Position>> deadlines_;
  std::map<ConsumerId, std::set<Position>> held_;  // In flight, by consumer.
  size_t in_flight_ = 0;
  size_t waiting_ = 0;
  size_t unsettled_ = 0;
  int64_t progress_at_us_ = 0;
  GroupChanges changes_;
  std::vector<Position> done_;
};

}  // namespace dealog::groups
