#include "services/rpc/group_messages.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/instants.h"

namespace dealog::rpc {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kNanosPerMicro = 1000;

absl::StatusOr<uint32_t> ToCount(int32_t value, uint32_t fallback, std::string_view field) {
  if (value < 0) {
    return base::InvalidField(field,
                              absl::StrCat("expected 0 (", fallback, ") or more, found ", value));
  }
  return value == 0 ? fallback : static_cast<uint32_t>(value);
}

// µs, within 0 to `max_us`.
absl::StatusOr<int64_t> ToMicros(const google::protobuf::Duration& duration, int64_t max_us,
                                 std::string_view field) {
  if (duration.seconds() >= 0 && duration.nanos() >= 0 &&
      duration.seconds() <= max_us / kMicrosPerSecond) {
    const int64_t micros =
        duration.seconds() * kMicrosPerSecond + duration.nanos() / kNanosPerMicro;
    if (micros <= max_us) return micros;
  }
  return base::InvalidField(field,
                            absl::StrCat("expected 0s to ", max_us / kMicrosPerSecond, "s, found ",
                                         duration.seconds(), "s and ", duration.nanos(), "ns"));
}

}  // namespace

absl::StatusOr<groups::GroupSettings> ToSettings(const Core& core, const Call& call,
                                                 const v1::GroupSettings& settings) {
  groups::GroupSettings parsed;
  ASSIGN_OR_RETURN(parsed.filter, OpenEventFilter(core, call, settings.filter()));
  ASSIGN_OR_RETURN(
      parsed.max_deliveries,
      ToCount(settings.max_deliveries(), groups::kMaxDeliveriesDefault, "settings.max_deliveries"));
  ASSIGN_OR_RETURN(
      parsed.max_in_flight,
      ToCount(settings.max_in_flight(), groups::kMaxInFlightDefault, "settings.max_in_flight"));
  if (settings.has_ack_timeout()) {
    ASSIGN_OR_RETURN(
        parsed.ack_timeout_us,
        ToMicros(settings.ack_timeout(), groups::kAckTimeoutMicrosMax, "settings.ack_timeout"));
  }
  return parsed;
}

absl::StatusOr<groups::SettingsMask> ToMask(const google::protobuf::FieldMask& mask) {
  groups::SettingsMask parsed;
  for (const std::string& path : mask.paths()) {
    if (path == "filter") {
      parsed.filter = true;
    } else if (path == "max_deliveries") {
      parsed.max_deliveries = true;
    } else if (path == "ack_timeout") {
      parsed.ack_timeout = true;
    } else if (path == "max_in_flight") {
      parsed.max_in_flight = true;
    } else {
      return base::InvalidField("update_mask",
                                "expected filter, max_deliveries, ack_timeout or max_in_flight, "
                                "found another path");
    }
  }
  if (mask.paths().empty()) {
    return base::InvalidField("update_mask", "expected at least one path, found none");
  }
  return parsed;
}

absl::StatusOr<groups::Settlement> ToSettlement(const v1::ConsumeNack& nack) {
  groups::Settlement settlement{.reason = nack.reason()};
  switch (nack.action()) {
    case v1::ConsumeNack::RETRY:
      settlement.kind = groups::Settlement::Kind::kRetry;
      break;
    case v1::ConsumeNack::PARK:
      settlement.kind = groups::Settlement::Kind::kPark;
      break;
    case v1::ConsumeNack::SKIP:
      settlement.kind = groups::Settlement::Kind::kSkip;
      break;
    default:
      return base::InvalidField("nack.action", "expected RETRY, PARK or SKIP, found none of them");
  }
  if (nack.has_retry_delay()) {
    ASSIGN_OR_RETURN(
        settlement.retry_delay_us,
        ToMicros(nack.retry_delay(), groups::kRetryDelayMicrosMax, "nack.retry_delay"));
  }
  if (nack.reason().size() > groups::kReasonBytesMax) {
    return base::InvalidField(
        "nack.reason", absl::StrCat("expected at most ", groups::kReasonBytesMax, " bytes, found ",
                                    nack.reason().size()));
  }
  return settlement;
}

v1::ConsumerGroup ToGroup(const groups::GroupStatus& status) {
  v1::ConsumerGroup group;
  group.set_name(status.name.name);
  v1::GroupSettings& settings = *group.mutable_settings();
  for (const auto& stream : status.settings.filter.streams) {
    settings.mutable_filter()->add_streams(stream.ToString());
  }
  for (const std::string& type : status.settings.filter.stream_types) {
    settings.mutable_filter()->add_stream_types(type);
  }
  for (const std::string& type : status.settings.filter.event_types) {
    settings.mutable_filter()->add_event_types(type);
  }
  settings.set_max_deliveries(static_cast<int32_t>(status.settings.max_deliveries));
  settings.set_max_in_flight(static_cast<int32_t>(status.settings.max_in_flight));
  const int64_t timeout_us = status.settings.ack_timeout_us;
  settings.mutable_ack_timeout()->set_seconds(timeout_us / kMicrosPerSecond);
  settings.mutable_ack_timeout()->set_nanos(
      static_cast<int32_t>(timeout_us % kMicrosPerSecond * kNanosPerMicro));
  *group.mutable_create_time() = ToTimestamp(status.created_at_us);
  group.set_checkpoint(static_cast<int64_t>(status.checkpoint.value));
  group.set_owner_epoch(static_cast<int64_t>(status.owner_epoch));
  group.set_lag_events(static_cast<int64_t>(status.lag_events));
  group.set_in_flight(static_cast<int64_t>(status.in_flight));
  group.set_waiting(static_cast<int64_t>(status.waiting));
  group.set_parked(static_cast<int64_t>(status.parked));
  group.set_replaying(static_cast<int64_t>(status.replaying));
  group.set_seconds_since_progress(status.seconds_since_progress);
  group.set_halted_reason(status.halted_reason);
  for (const groups::ConsumerStatus& status_of : status.consumers) {
    v1::GroupConsumer& consumer = *group.add_consumers();
    consumer.set_name(status_of.name);
    consumer.set_credits(status_of.credits);
    consumer.set_in_flight(static_cast<int64_t>(status_of.in_flight));
  }
  return group;
}

v1::ParkedEvent ToParkedEvent(groups::Position position, const groups::Parked& parked) {
  v1::ParkedEvent event;
  event.set_position(static_cast<int64_t>(position.value));
  event.set_stream(parked.stream.ToString());
  event.set_event_type(parked.type);
  event.set_deliveries(static_cast<int32_t>(parked.deliveries));
  event.set_reason(parked.reason);
  *event.mutable_park_time() = ToTimestamp(parked.parked_at_us);
  event.set_replaying(parked.replaying);
  return event;
}

}  // namespace dealog::rpc
