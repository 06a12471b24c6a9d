#pragma once

// Every limit of services/commands, by name. Memory budgets are options: see SequencerOptions.

#include <cstddef>
#include <cstdint>

namespace dealog::commands {

// What a command is taken to hold besides its request, bytes.
inline constexpr size_t kCommandOverheadBytes = 512;
// Share of the state cache's budget that prefetched states may wait in: one in so many.
inline constexpr size_t kWarmShare = 8;
// Tenants whose heads are kept at hand; past it they are forgotten and read again.
inline constexpr size_t kTenantHeadsMax = 65'536;
// What an event is taken to add to its commit besides the payload, bytes.
inline constexpr size_t kEventOverheadBytes = 512;
// When a refused client should try again, milliseconds.
inline constexpr int64_t kOverloadedRetryMillis = 100;

}  // namespace dealog::commands
