#pragma once

// Every limit of consumer groups, by name. Past one: LIMIT_EXCEEDED or FIELD_INVALID that names it.

#include <cstddef>
#include <cstdint>

namespace dealog::groups {

inline constexpr size_t kGroupNameBytesMax = 63;
inline constexpr size_t kGroupsPerTenantMax = 256;
// Consumers of one group at a time.
inline constexpr size_t kConsumersPerGroupMax = 256;

// Settings: defaults and ranges.
inline constexpr uint32_t kMaxDeliveriesDefault = 5;
inline constexpr uint32_t kMaxDeliveriesMax = 1000;
inline constexpr int64_t kAckTimeoutMicrosDefault = 30'000'000;
inline constexpr int64_t kAckTimeoutMicrosMin = 100'000;
inline constexpr int64_t kAckTimeoutMicrosMax = 3'600'000'000;
inline constexpr uint32_t kMaxInFlightDefault = 1000;
inline constexpr uint32_t kMaxInFlightMax = 10'000;
inline constexpr int64_t kRetryDelayMicrosMax = 3'600'000'000;
inline constexpr size_t kReasonBytesMax = 1000;

// Credits that one consumer holds; events of one ack or nack.
inline constexpr uint32_t kCreditsMax = 10'000;
inline constexpr int kSettledPerMessageMax = 1000;
// Messages of one consumer that wait to be looked at; then it is read from no further.
inline constexpr size_t kMessagesWaitingMax = 256;
// Refused settlements that a consumer has not read; likewise.
inline constexpr size_t kRefusalsWaitingMax = 10'000;

// Events read ahead of the checkpoint, settled ones included. Full where one stream's failing event
// holds back the checkpoint for so long; the group then waits for that event.
inline constexpr size_t kWindowEventsMax = 20'000;
inline constexpr size_t kWindowBytesMax = 16 << 20;
// What one look at the log takes, so that no group holds up the others.
inline constexpr size_t kReadBytesPerRound = 1 << 20;

// Parked events of a group, those being replayed left out; then it delivers no more.
inline constexpr size_t kParkedMax = 10'000;
inline constexpr int32_t kParkedPageDefault = 50;
inline constexpr int32_t kParkedPageMax = 1000;
inline constexpr int kReplayPositionsMax = 1000;

// A checkpoint that only moved past events that do not match is kept after so many.
inline constexpr uint64_t kCheckpointEvents = 1000;

}  // namespace dealog::groups
