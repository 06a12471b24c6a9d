#include "services/rpc/log_sources.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/event_bytes.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/instants.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

using eventstore::Direction;
using eventstore::Position;

v1::PayloadForm FormOr(v1::PayloadForm form, v1::PayloadForm fallback) {
  return form == v1::PAYLOAD_FORM_UNSPECIFIED ? fallback : form;
}

absl::Status CheckPosition(int64_t position, Position head, std::string_view field) {
  if (position >= 0 && static_cast<uint64_t>(position) <= head.value) return absl::OkStatus();
  return base::InvalidField(
      field, absl::StrCat("expected 0 to the head, ", head.value, ", found ", position));
}

// The log from a position to its end as it was when the call came, or backward to its beginning.
class ReadLogSource final : public StreamSource {
 public:
  ReadLogSource(const Core& core, const Call& call, eventstore::TenantReadOptions options,
                std::optional<uint64_t> limit, Position head, v1::PayloadForm form)
      : log_(core.log),
        tenant_(call.tenant),
        head_(head),
        options_(std::move(options)),
        remaining_(limit),
        bytes_(form, std::make_unique<PayloadJson>(core.log, call.tenant)) {}

  void SetWake(std::function<void()>) override {}  // Never waits.

  absl::StatusOr<Item> Next() override {
    if (next_ == page_.events.size()) {
      if (done_) return Item::End();
      RETURN_IF_ERROR(ReadPage());
    }
    Position position = page_.read_to;
    while (next_ < page_.events.size() && !bytes_.full()) {
      bytes_.Add(page_.events[next_].view());
      ++next_;
    }
    if (next_ < page_.events.size()) position = page_.events[next_ - 1].position();
    return Item::Message(bytes_.TakeReadLog(position));
  }

 private:
  absl::Status ReadPage() {
    options_.limit = kEventMessageEventsMax;
    if (remaining_) options_.limit = std::min<uint64_t>(options_.limit, *remaining_);
    ASSIGN_OR_RETURN(page_, log_.ReadTenant(tenant_, options_));
    next_ = 0;
    options_.after = page_.read_to;
    if (remaining_) *remaining_ -= page_.events.size();
    done_ = page_.end || (remaining_ && *remaining_ == 0) ||
            (options_.direction == Direction::kForward && page_.read_to >= head_);
    return absl::OkStatus();
  }

  const eventstore::EventLog& log_;
  const eventstore::TenantId tenant_;
  const Position head_;
  eventstore::TenantReadOptions options_;
  std::optional<uint64_t> remaining_;  // Unset: no limit.
  EventBytes bytes_;
  eventstore::ReadPage page_;
  size_t next_ = 0;
  bool done_ = false;
};

// Everything after a position, then what comes.
class SubscribeSource final : public StreamSource {
 public:
  SubscribeSource(const Core& core, const Call& call,
                  std::unique_ptr<eventstore::CommitSubscription> subscription,
                  eventstore::EventFilter filter, Position after, int64_t recorded_at_us,
                  EventBytes bytes)
      : subscriber_(core.subscribers, call.tenant, after),
        subscription_(std::move(subscription)),
        filter_(std::move(filter)),
        position_(after),
        reported_(after),
        recorded_at_us_(recorded_at_us),
        bytes_(std::move(bytes)) {}

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
          FillPoint(*message.mutable_fell_behind());
          return Item::Message(message.SerializeAsString());
        }
      }
      if (std::optional<Item> item = Drain()) return *std::move(item);
    }
  }

 private:
  absl::StatusOr<Item> Idle() {
    if (live_) return Item::Wait();  // A pending checkpoint waits for the next commit.
    live_ = true;
    v1::SubscribeResponse message;
    FillPoint(*message.mutable_caught_up());
    return Item::Message(message.SerializeAsString());
  }

  // What matches of the pending commits, or where it stands if nothing has matched for long.
  std::optional<Item> Drain() {
    while (!pending_.empty() && !bytes_.full()) {
      const eventstore::StoredCommit& commit = *pending_.front();
      for (; index_ < commit.event_count() && !bytes_.full(); ++index_) {
        if (MatchesEvent(filter_, commit.event(index_).header)) bytes_.Add(commit.event(index_));
      }
      if (index_ < commit.event_count()) break;
      position_ = commit.last_position();
      recorded_at_us_ = commit.recorded_at_us();
      index_ = 0;
      pending_.pop_front();
    }
    if (bytes_.count() > 0) {
      Report();
      return Item::Message(bytes_.TakeSubscribe());
    }
    if (pending_.empty() && CheckpointIsDue()) {
      v1::SubscribeResponse message;
      FillPoint(*message.mutable_checkpoint());
      return Item::Message(message.SerializeAsString());
    }
    return std::nullopt;
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
  void FillPoint(v1::SubscriptionPoint& point) {
    Report();
    point.set_position(static_cast<int64_t>(position_.value));
    if (recorded_at_us_ > 0) *point.mutable_recorded_at() = ToTimestamp(recorded_at_us_);
  }

  SubscriberSet::Subscriber subscriber_;
  const std::unique_ptr<eventstore::CommitSubscription> subscription_;
  const eventstore::EventFilter filter_;
  Position position_;  // Everything up to here was sent or did not match.
  Position reported_;  // What the subscriber was last told of that.
  int64_t reported_us_ = 0;  // When, by the monotonic clock.
  int64_t recorded_at_us_;   // Of position_; 0: not known, nothing was read yet.
  bool live_ = false;
  std::deque<eventstore::CommitPtr> pending_;
  size_t index_ = 0;  // Next event of the first pending commit.
  EventBytes bytes_;
};

}  // namespace

absl::StatusOr<eventstore::TenantHead> RequireTenant(const Core& core, const Call& call) {
  ASSIGN_OR_RETURN(eventstore::TenantHead head, core.log.Head(call.tenant));
  if (head.position.value > 0) return head;
  return base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                     absl::StrCat("expected the name of a tenant in dealog-tenant, found \"",
                                  call.tenant.value, "\"; create it first"))
      .With("tenant", call.tenant.value);
}

absl::StatusOr<std::unique_ptr<StreamSource>> OpenReadLog(const Core& core, const Call& call,
                                                          const v1::ReadLogRequest& request) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, RequireTenant(core, call));
  RETURN_IF_ERROR(CheckPosition(request.after_position(), head.position, "after_position"));
  if (request.limit() < 0) {
    return base::InvalidField(
        "limit", absl::StrCat("expected 0 (no limit) or more, found ", request.limit()));
  }
  eventstore::TenantReadOptions options;
  options.after.value = static_cast<uint64_t>(request.after_position());
  options.direction = request.direction() == v1::READ_DIRECTION_BACKWARD ? Direction::kBackward
                                                                         : Direction::kForward;
  ASSIGN_OR_RETURN(options.filter, OpenEventFilter(core, call, request.filter()));
  std::optional<uint64_t> limit;
  if (request.limit() > 0) limit = static_cast<uint64_t>(request.limit());
  return std::make_unique<ReadLogSource>(core, call, std::move(options), limit, head.position,
                                         FormOr(request.payload_form(), v1::PAYLOAD_FORM_STORED));
}

absl::StatusOr<std::unique_ptr<StreamSource>> OpenSubscribe(const Core& core, const Call& call,
                                                            const v1::SubscribeRequest& request) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, RequireTenant(core, call));
  RETURN_IF_ERROR(CheckPosition(request.after_position(), head.position, "after_position"));
  const Position after = request.has_after_position()
                             ? Position{static_cast<uint64_t>(request.after_position())}
                             : head.position;
  ASSIGN_OR_RETURN(eventstore::EventFilter filter, OpenEventFilter(core, call, request.filter()));
  ASSIGN_OR_RETURN(auto subscription, core.log.Subscribe(call.tenant, after));
  EventBytes bytes(FormOr(request.payload_form(), v1::PAYLOAD_FORM_STORED),
                   std::make_unique<PayloadJson>(core.log, call.tenant));
  const int64_t recorded_at_us = after == head.position ? head.recorded_at_us : 0;
  return std::make_unique<SubscribeSource>(core, call, std::move(subscription), std::move(filter),
                                           after, recorded_at_us, std::move(bytes));
}

}  // namespace dealog::rpc
