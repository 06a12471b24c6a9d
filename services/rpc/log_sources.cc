#include "services/rpc/log_sources.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/event_bytes.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/limits.h"
#include "services/rpc/subscribe.h"

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
  return MakeSubscribeSource({.subscribers = core.subscribers,
                              .tenant = call.tenant,
                              .subscription = std::move(subscription),
                              .filter = std::move(filter),
                              .after = after,
                              .recorded_at_us = after == head.position ? head.recorded_at_us : 0,
                              .bytes = std::move(bytes)});
}

}  // namespace dealog::rpc
