#pragma once

// What is said of a consumer group: its settings, deliveries, and what becomes of them.

#include <cstdint>
#include <string>
#include <string_view>

#include "eventstore/event_log.h"
#include "services/groups/limits.h"

namespace dealog::groups {

using eventstore::Position;
using eventstore::StreamId;
using eventstore::TenantId;

struct GroupName {
  TenantId tenant;
  std::string name;
  auto operator<=>(const GroupName&) const = default;
};

// What a group is told to do. Ranges: limits.h.
struct GroupSettings {
  eventstore::EventFilter filter;
  uint32_t max_deliveries = kMaxDeliveriesDefault;
  int64_t ack_timeout_us = kAckTimeoutMicrosDefault;
  uint32_t max_in_flight = kMaxInFlightDefault;
};

// One open call of a consumer; never used again.
struct ConsumerId {
  uint64_t value = 0;
  auto operator<=>(const ConsumerId&) const = default;
};

// One delivery of one event. Names itself to the consumer as "generation-position-number".
struct DeliveryId {
  // Of the group when it took up the event: rises with every reset and every replay, whose counts
  // begin anew, so that no two deliveries share an id.
  uint64_t generation = 0;
  Position position;
  uint32_t number = 0;  // From 1.
  auto operator<=>(const DeliveryId&) const = default;
};
std::string FormatDeliveryId(const DeliveryId& id);
// False if it is not one.
bool ParseDeliveryId(std::string_view text, DeliveryId& id);

// What a consumer decides of a delivery.
struct Settlement {
  enum class Kind { kAck, kRetry, kPark, kSkip };
  Kind kind = Kind::kAck;
  int64_t retry_delay_us = 0;  // kRetry.
  std::string reason;          // kRetry, kPark.
};

// How often an event beyond the checkpoint was delivered, and whether it is done.
struct DeliveryCount {
  uint32_t deliveries = 0;
  bool settled = false;
  auto operator<=>(const DeliveryCount&) const = default;
};

// An event put aside.
struct Parked {
  StreamId stream;
  std::string type;
  uint32_t deliveries = 0;
  std::string reason;
  int64_t parked_at_us = 0;
  bool replaying = false;
  bool operator==(const Parked&) const = default;
};

}  // namespace dealog::groups
