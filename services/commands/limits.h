#pragma once

// Every limit of services/commands, by name. Memory budgets are options: see SequencerOptions.

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace dealog::commands {

// Events of one stream of the CRM's own aggregates, unless an option says otherwise, and how many
// more what must still happen may add: see stream_length.h.
inline constexpr uint64_t kEventsPerStreamMax = 20'000;
inline constexpr uint64_t kStreamReserveEvents = 1'000;
// What a command is taken to hold besides its request, bytes.
inline constexpr size_t kCommandOverheadBytes = 512;
// Share of the state cache's budget that prefetched states may wait in: one in so many.
inline constexpr size_t kWarmShare = 8;
// Tenants whose heads are kept at hand; past it they are forgotten and read again.
inline constexpr size_t kTenantHeadsMax = 65'536;
// What an event is taken to add to its commit besides the payload, bytes.
inline constexpr size_t kEventOverheadBytes = 512;
// How long a command may have to wait for its answer when it enters the queue; see Admission.
inline constexpr absl::Duration kQueueWaitMax = absl::Milliseconds(100);
// When a refused client should try again.
inline constexpr absl::Duration kOverloadedRetry = absl::Milliseconds(100);
// What a batch takes follows the newest one by one part in so many.
inline constexpr int64_t kBatchTimeSmoothing = 4;

}  // namespace dealog::commands
