#include "services/rpc/subscribe.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "dealog/v1/log.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"
#include "eventstore/event_filter.h"
#include "services/rpc/instants.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

using eventstore::Position;

class SubscribeSource final : public StreamSource {
 public:
  explicit SubscribeSource(SubscribeParts parts)
      : subscriber_(parts.subscribers, std::move(parts.tenant), parts.after),
        subscription_(std::move(parts.subscription)),
        matcher_(parts.filter),
        position_(parts.after),
        reported_(parts.after),
        recorded_at_us_(parts.recorded_at_us),
        bytes_(std::move(parts.bytes)) {}

  void SetWake(std::function<void()> wake) override { subscription_->SetWake(std::move(wake)); }

  absl::StatusOr<Item> Next() override {
    subscriber_.Sent(position_);
    for (;;) {
      if (pending_.empty()) {
        ASSIGN_OR_RETURN(auto page, subscription_->Poll(kEventMessageBytes));
        if (page.items.empty()) return Idle();
        pending_.assign(page.items.begin(), page.items.end());
        if (live_ && !page.from_ring) {
          live_ = false;
          v1::SubscribeResponse message;
          return Point(*message.mutable_fell_behind(), message);
        }
      }
      ASSIGN_OR_RETURN(std::optional<Item> item, Drain());
      if (item) return *std::move(item);
    }
  }

 private:
  // Nothing is left to send for now.
  Item Idle() {
    v1::SubscribeResponse message;
    if (!live_) {
      live_ = true;
      return Point(*message.mutable_caught_up(), message);
    }
    if (position_ == reported_) return Item::Wait();
    const int64_t due_us = reported_us_ + kCheckpointMicros - base::MonotonicMicros();
    if (due_us > 0) return Item::WaitAtMost(due_us);
    return Point(*message.mutable_checkpoint(), message);
  }

  // What matches of the pending commits, or where it stands if nothing has matched for long.
  absl::StatusOr<std::optional<Item>> Drain() {
    while (!pending_.empty() && !bytes_.full()) {
      const eventstore::CommitPtr& commit = pending_.front();
      RETURN_IF_ERROR(Take(commit));
      if (index_ < commit->event_count()) break;
      position_ = commit->last_position();
      recorded_at_us_ = commit->recorded_at_us();
      index_ = 0;
      pending_.pop_front();
    }
    if (bytes_.count() > 0) {
      Report();
      return Item::Message(bytes_.TakeSubscribe());
    }
    if (!pending_.empty() || !CheckpointIsDue()) return std::nullopt;
    v1::SubscribeResponse message;
    return Point(*message.mutable_checkpoint(), message);
  }

  // Moves index_ past what was looked at of a commit, to its end or until the message is full.
  absl::Status Take(const eventstore::CommitPtr& commit) {
    const size_t count = commit->event_count();
    if (!matcher_.MayMatch(*commit)) index_ = count;
    for (; index_ < count && !bytes_.full(); ++index_) {
      const eventstore::PageEvent event{.commit = commit, .index = static_cast<uint32_t>(index_)};
      if (event.position() <= position_) continue;  // `after` lies within the first commit.
      ASSIGN_OR_RETURN(const bool matches, matcher_.Matches(event));
      if (matches) bytes_.Add(event.view());
    }
    return absl::OkStatus();
  }

  // By events while catching up; live also by time, so that a filter that rarely matches does not
  // leave the subscriber in the past.
  bool CheckpointIsDue() const {
    const uint64_t skipped = position_.value - reported_.value;
    return skipped >= kCheckpointEvents ||
           (skipped > 0 && live_ && base::MonotonicMicros() - reported_us_ >= kCheckpointMicros);
  }
  void Report() {
    reported_ = position_;
    reported_us_ = base::MonotonicMicros();
  }
  // `point` is the part of the message that says where the subscriber stands.
  Item Point(v1::SubscriptionPoint& point, const v1::SubscribeResponse& message) {
    Report();
    point.set_position(static_cast<int64_t>(position_.value));
    if (recorded_at_us_ > 0) *point.mutable_recorded_at() = ToTimestamp(recorded_at_us_);
    return Item::Message(message.SerializeAsString());
  }

  SubscriberSet::Subscriber subscriber_;
  const std::unique_ptr<eventstore::CommitSubscription> subscription_;
  eventstore::EventMatcher matcher_;
  Position position_;        // Everything up to here was sent or did not match.
  Position reported_;        // What the subscriber was last told of that.
  int64_t reported_us_ = 0;  // When, by the monotonic clock.
  int64_t recorded_at_us_;   // Of position_; 0: not known, nothing was read yet.
  bool live_ = false;
  std::deque<eventstore::CommitPtr> pending_;
  size_t index_ = 0;  // Next event of the first pending commit.
  EventBytes bytes_;
};

}  // namespace

std::unique_ptr<StreamSource> MakeSubscribeSource(SubscribeParts parts) {
  return std::make_unique<SubscribeSource>(std::move(parts));
}

}  // namespace dealog::rpc
