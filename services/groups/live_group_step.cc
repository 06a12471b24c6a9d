// A group's work between two writes: time, reading the log, deliveries.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/groups/live_group.h"

namespace dealog::groups {
namespace {

using eventstore::CommitPtr;
using eventstore::PageEvent;

// What one poll of the log returns.
constexpr size_t kPollBytes = 256 << 10;
// What one consumer is given before the next one's turn.
constexpr size_t kTurnEvents = 16;

}  // namespace

bool LiveGroup::Step(Round& round) {
  machine_->Expire(round.now_us);
  LetGoOfDone();  // Before Read, which would find no room and not be asked again.
  absl::StatusOr<bool> more = false;
  if (CreditsWanted() > 0 && !forked_ && !machine_->halted()) {
    more = Read(round.now_us);
    if (more.ok()) {
      if (const absl::Status delivered = Deliver(round.now_us); !delivered.ok()) more = delivered;
    }
  }
  if (!more.ok()) Disband(more.status(), round.now_us);
  LetGoOfDone();
  const GroupChanges changes = machine_->TakeChanges();
  round.sync |= changes.sync;
  AddRows(name_, owner_epoch_, changes, round.write);
  for (auto& [id, member] : consumers_) {
    if (member.outgoing.empty()) continue;
    round.after.push_back([mailbox = member.mailbox, outgoing = std::exchange(member.outgoing, {})](
                              const absl::Status& written) mutable {
      if (written.ok()) mailbox->Deliver(std::move(outgoing));
    });
  }
  return more.ok() && *more;
}

void LiveGroup::KeepAll(Round& round) {
  AddRows(name_, owner_epoch_, machine_->TakeChanges(/*all=*/true), round.write);
}

size_t LiveGroup::CreditsWanted() const {
  size_t credits = 0;
  for (const auto& [id, member] : consumers_) credits += member.credits;
  return std::min<size_t>(credits, settings_.max_in_flight);
}

// True if there is more to read now.
absl::StatusOr<bool> LiveGroup::Read(int64_t now_us) {
  if (subscription_ == nullptr) {
    ASSIGN_OR_RETURN(subscription_, log_.Subscribe(name_.tenant, machine_->looked_at()));
    subscription_->SetWake(wake_);
  }
  const size_t wanted = CreditsWanted();
  size_t bytes = 0;
  while (machine_->ready() < wanted && machine_->HasRoom() && event_bytes_ < kWindowBytesMax) {
    if (bytes >= kReadBytesPerRound) return true;
    ASSIGN_OR_RETURN(const auto page, subscription_->Poll(kPollBytes));
    if (page.items.empty()) return false;
    for (const CommitPtr& commit : page.items) {
      bytes += commit->bytes().size();
      RETURN_IF_ERROR(Admit(commit, now_us));
    }
  }
  return false;
}

absl::Status LiveGroup::Admit(const CommitPtr& commit, int64_t now_us) {
  std::vector<PageEvent> matching;
  if (matcher_->MayMatch(*commit)) {
    for (uint32_t i = 0; i < commit->event_count(); ++i) {
      PageEvent event{.commit = commit, .index = i};
      // The group may begin in the middle of a commit: at a checkpoint, or where it was reset to.
      if (event.position() <= machine_->looked_at()) continue;
      ASSIGN_OR_RETURN(const bool matches, matcher_->Matches(event));
      if (matches) matching.push_back(std::move(event));
    }
  }
  storage::v1::EventHeader header;
  for (PageEvent& event : matching) {
    RETURN_IF_ERROR(eventstore::ParseEventHeader(event, header));
    const Position position = event.position();
    // An event keeps its whole commit in memory.
    Hold(position, std::move(event), commit->bytes().size() / matching.size() + 1);
    machine_->Admit({.position = position,
                     .stream = {header.stream().type(), header.stream().id()},
                     .type = header.type(),
                     .recorded_at_us = commit->recorded_at_us()},
                    now_us);
  }
  machine_->LookedAt(commit->last_position());
  return absl::OkStatus();
}

// In turns, beginning after the consumer that was served last.
absl::Status LiveGroup::Deliver(int64_t now_us) {
  auto member = consumers_.upper_bound(last_served_);
  size_t without = 0;  // Consumers in a row that got nothing.
  while (without < consumers_.size()) {
    if (member == consumers_.end()) member = consumers_.begin();
    auto& [id, consumer] = *member++;
    const auto deliveries =
        machine_->Deliver(id, std::min<size_t>(consumer.credits, kTurnEvents), now_us);
    without = deliveries.empty() ? without + 1 : 0;
    for (const DeliveryId& delivery : deliveries) {
      ASSIGN_OR_RETURN(PageEvent event, EventAt(delivery.position));
      consumer.outgoing.push_back({delivery, std::move(event)});
    }
    consumer.credits -= static_cast<uint32_t>(deliveries.size());
    if (!deliveries.empty()) last_served_ = id;
  }
  return absl::OkStatus();
}

absl::StatusOr<PageEvent> LiveGroup::EventAt(Position position) {
  if (const auto known = events_.find(position.value); known != events_.end()) {
    return known->second.event;
  }
  ASSIGN_OR_RETURN(
      const eventstore::ReadPage page,
      log_.ReadTenant(name_.tenant, {.after = Position{position.value - 1}, .limit = 1}));
  if (page.events.empty() || page.events.front().position() != position) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("expected an event at position ", position.value,
                                    ", found none; run dealog log verify"));
  }
  const PageEvent& event = page.events.front();
  Hold(position, event, event.commit->bytes().size());
  return event;
}

void LiveGroup::Hold(Position position, PageEvent event, size_t bytes) {
  LetGo(position);
  events_[position.value] = {std::move(event), bytes};
  event_bytes_ += bytes;
}

void LiveGroup::LetGoOfDone() {
  for (const Position position : machine_->TakeDone()) LetGo(position);
}

void LiveGroup::LetGo(Position position) {
  const auto held = events_.find(position.value);
  if (held == events_.end()) return;
  event_bytes_ -= held->second.bytes;
  events_.erase(held);
}

void LiveGroup::Forget() {
  subscription_.reset();
  events_.clear();
  event_bytes_ = 0;
  ahead_ = {};
  for (auto& [id, member] : consumers_) member.outgoing.clear();
}

}  // namespace dealog::groups
