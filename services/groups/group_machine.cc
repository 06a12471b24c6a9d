#include "services/groups/group_machine.h"

#include <algorithm>

namespace dealog::groups {

GroupMachine::GroupMachine(const GroupSettings& settings, Position checkpoint, uint64_t generation)
    : settings_(settings),
      generation_(generation),
      checkpoint_(checkpoint),
      kept_checkpoint_(checkpoint),
      looked_at_(checkpoint) {}

// ---- After a restart ---------------------------------------------------------------------------

void GroupMachine::RestoreCount(Position position, DeliveryCount count) {
  if (position <= checkpoint_) {
    changes_.counts[position] = std::nullopt;
  } else {
    restored_[position] = count;
  }
}

void GroupMachine::RestoreParked(Position position, Parked parked) {
  if (parked.replaying && parked.deliveries >= settings_.max_deliveries) {
    parked.replaying = false;
    parked.reason = "the server stopped while it was delivered again";
    changes_.parked[position] = parked;
  }
  const Parked& kept = parked_[position] = std::move(parked);
  if (!kept.replaying) return;
  Entry& entry = replays_[position];
  entry = {.stream = kept.stream, .type = kept.type, .replay = true, .deliveries = kept.deliveries};
  Open(position, entry);
}

// ---- What the log holds ------------------------------------------------------------------------

void GroupMachine::Admit(GroupEvent event, int64_t now_us) {
  const Position position = event.position;
  looked_at_ = std::max(looked_at_, position);
  Entry& entry = window_[position];
  entry = {.stream = std::move(event.stream), .type = std::move(event.type)};
  if (const auto restored = restored_.find(position); restored != restored_.end()) {
    entry.deliveries = restored->second.deliveries;
    entry.kept = true;
    const bool settled = restored->second.settled;
    restored_.erase(restored);
    if (settled) {
      entry = {.state = State::kDone, .kept = true, .deliveries = entry.deliveries};
      done_.push_back(position);
      AdvanceCheckpoint();
      return;
    }
  }
  if (unsettled_ == 0) progress_at_us_ = std::max(progress_at_us_, event.recorded_at_us);
  Open(position, entry);
  if (entry.deliveries >= settings_.max_deliveries) {
    Park(position, entry, "the server stopped while it was delivered", now_us);
  }
}

void GroupMachine::LookedAt(Position position) {
  looked_at_ = std::max(looked_at_, position);
  AdvanceCheckpoint();
}

// ---- Consumers and time ------------------------------------------------------------------------

std::vector<DeliveryId> GroupMachine::Deliver(ConsumerId consumer, size_t credits, int64_t now_us) {
  std::vector<DeliveryId> deliveries;
  while (deliveries.size() < credits && in_flight_ < settings_.max_in_flight && !ready_.empty() &&
         !halted()) {
    const Position position = *ready_.begin();
    Entry& entry = *Find(position);
    entry.state = State::kInFlight;
    entry.consumer = consumer;
    entry.due_us = now_us + settings_.ack_timeout_us;
    ++entry.deliveries;
    ++in_flight_;
    deadlines_.insert({entry.due_us, position});
    held_[consumer].insert(position);
    streams_[entry.stream].busy = true;
    Offer(entry.stream);
    KeepCount(position, entry);
    changes_.sync = true;
    deliveries.push_back({entry.generation, position, entry.deliveries});
  }
  return deliveries;
}

bool GroupMachine::Settle(ConsumerId consumer, const DeliveryId& id, const Settlement& settlement,
                          int64_t now_us) {
  Entry* const entry = Find(id.position);
  if (entry == nullptr || entry->state != State::kInFlight || entry->consumer != consumer ||
      entry->deliveries != id.number || entry->generation != id.generation) {
    return false;
  }
  Withdraw(id.position, *entry);
  switch (settlement.kind) {
    case Settlement::Kind::kAck:
    case Settlement::Kind::kSkip:
      Close(id.position, *entry, /*parked=*/false, now_us);
      break;
    case Settlement::Kind::kRetry:
      Fail(id.position, *entry, settlement.retry_delay_us, settlement.reason, now_us);
      break;
    case Settlement::Kind::kPark:
      Park(id.position, *entry, settlement.reason, now_us);
      break;
  }
  return true;
}

void GroupMachine::Leave(ConsumerId consumer, int64_t now_us) {
  const auto held = held_.find(consumer);
  if (held == held_.end()) return;
  const std::set<Position> positions = std::move(held->second);
  held_.erase(held);
  for (const Position position : positions) {
    Entry& entry = *Find(position);
    Withdraw(position, entry);
    Fail(position, entry, 0, "its consumer went away without settling it", now_us);
  }
}

void GroupMachine::Expire(int64_t now_us) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_us) {
    const Position position = deadlines_.begin()->second;
    Entry& entry = *Find(position);
    const bool was_in_flight = entry.state == State::kInFlight;
    Withdraw(position, entry);
    if (was_in_flight) {
      Fail(position, entry, 0, "it was not settled within the ack timeout", now_us);
    } else {
      Offer(entry.stream);
    }
  }
}

std::optional<int64_t> GroupMachine::NextDeadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

// ---- What people do ----------------------------------------------------------------------------

void GroupMachine::SetSettings(const GroupSettings& settings) { settings_ = settings; }

bool GroupMachine::Replay(Position position, int64_t now_us) {
  const auto found = parked_.find(position);
  if (found == parked_.end() || found->second.replaying) return false;
  Parked& parked = found->second;
  parked.replaying = true;
  parked.deliveries = 0;
  changes_.parked[position] = parked;
  changes_.sync = true;
  if (unsettled_ == 0) progress_at_us_ = std::max(progress_at_us_, now_us);
  ++generation_;
  Entry& entry = replays_[position];
  entry = {.stream = parked.stream, .type = parked.type, .replay = true};
  Open(position, entry);
  return true;
}

// ---- What there is -----------------------------------------------------------------------------

size_t GroupMachine::in_flight(ConsumerId consumer) const {
  const auto held = held_.find(consumer);
  return held == held_.end() ? 0 : held->second.size();
}

GroupChanges GroupMachine::TakeChanges(bool all) {
  const uint64_t moved = checkpoint_.value - kept_checkpoint_.value;
  if (moved > 0 && (all || !changes_.empty() || moved >= kCheckpointEvents)) {
    changes_.checkpoint = kept_checkpoint_ = checkpoint_;
  }
  return std::exchange(changes_, {});
}

// ---- Entries -----------------------------------------------------------------------------------

GroupMachine::Entry* GroupMachine::Find(Position position) {
  if (const auto replay = replays_.find(position); replay != replays_.end()) return &replay->second;
  const auto entry = window_.find(position);
  return entry == window_.end() ? nullptr : &entry->second;
}

void GroupMachine::Open(Position position, Entry& entry) {
  ++unsettled_;
  entry.generation = generation_;
  streams_[entry.stream].open.insert(position);
  Offer(entry.stream);
}

void GroupMachine::Offer(const StreamId& id) {
  Stream& stream = streams_[id];
  if (stream.offered.value != 0) ready_.erase(stream.offered);
  stream.offered = {};
  if (stream.busy || stream.open.empty()) return;
  const Position first = *stream.open.begin();
  if (Find(first)->state != State::kReady) return;
  stream.offered = first;
  ready_.insert(first);
}

void GroupMachine::Withdraw(Position position, Entry& entry) {
  deadlines_.erase({entry.due_us, position});
  if (entry.state == State::kInFlight) {
    --in_flight_;
    streams_[entry.stream].busy = false;
    if (const auto held = held_.find(entry.consumer); held != held_.end()) {
      held->second.erase(position);
      if (held->second.empty()) held_.erase(held);
    }
  } else {
    --waiting_;
  }
  entry.state = State::kReady;
}

void GroupMachine::Fail(Position position, Entry& entry, int64_t delay_us, std::string reason,
                        int64_t now_us) {
  if (entry.deliveries >= settings_.max_deliveries) {
    Park(position, entry, std::move(reason), now_us);
    return;
  }
  if (delay_us > 0) {
    entry.state = State::kWaiting;
    entry.due_us = now_us + delay_us;
    deadlines_.insert({entry.due_us, position});
    ++waiting_;
  }
  Offer(entry.stream);
}

void GroupMachine::Park(Position position, Entry& entry, std::string reason, int64_t now_us) {
  Parked& parked = parked_[position];
  parked = {.stream = entry.stream,
            .type = entry.type,
            .deliveries = entry.deliveries,
            .reason = std::move(reason),
            .parked_at_us = now_us};
  changes_.parked[position] = parked;
  changes_.sync = true;
  Close(position, entry, /*parked=*/true, now_us);
}

void GroupMachine::Close(Position position, Entry& entry, bool parked, int64_t now_us) {
  const StreamId id = entry.stream;
  Stream& stream = streams_[id];
  stream.open.erase(position);
  Offer(id);
  if (stream.open.empty()) streams_.erase(id);
  --unsettled_;
  progress_at_us_ = std::max(progress_at_us_, now_us);
  done_.push_back(position);
  if (entry.replay) {
    replays_.erase(position);
    if (parked) return;
    parked_.erase(position);
    changes_.parked[position] = std::nullopt;
    return;
  }
  entry = {.state = State::kDone, .kept = entry.kept, .deliveries = entry.deliveries};
  AdvanceCheckpoint();
  if (const auto kept = window_.find(position); kept != window_.end()) {
    KeepCount(position, kept->second);
  }
}

void GroupMachine::AdvanceCheckpoint() {
  while (!window_.empty() && window_.begin()->second.state == State::kDone) {
    if (window_.begin()->second.kept) changes_.counts[window_.begin()->first] = std::nullopt;
    window_.erase(window_.begin());
  }
  checkpoint_ = window_.empty() ? looked_at_ : Position{window_.begin()->first.value - 1};
  while (!restored_.empty() && restored_.begin()->first <= checkpoint_) {
    changes_.counts[restored_.begin()->first] = std::nullopt;
    restored_.erase(restored_.begin());
  }
}

void GroupMachine::KeepCount(Position position, Entry& entry) {
  if (entry.replay) {
    Parked& parked = parked_[position];
    parked.deliveries = entry.deliveries;
    changes_.parked[position] = parked;
    return;
  }
  entry.kept = true;
  changes_.counts[position] = DeliveryCount{entry.deliveries, entry.state == State::kDone};
}

}  // namespace dealog::groups
