#pragma once

// Limits of following the log, by name; a consumer may have its own.

#include <chrono>
#include <cstddef>

namespace dealog::eventstore {

// One page of the log, bytes.
inline constexpr size_t kFollowPageBytes = 4 << 20;
// While batches come one after another, how long a follower lets them gather before it looks again:
// its subscription is not armed meanwhile, so the appending thread wakes nobody (ADR 6).
inline constexpr std::chrono::milliseconds kFollowPace{2};
// Pause before a cursor is tried again after a failure of the log or of the consumer.
inline constexpr std::chrono::milliseconds kFollowRetry{500};

}  // namespace dealog::eventstore
