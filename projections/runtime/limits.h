#pragma once

// Limits of the runner.

#include <cstddef>
#include <cstdint>

namespace dealog::projections {

// Share of a page that each follower polls while several follow the same partition (a rebuild
// beside live views), so that the live ones wait for little.
inline constexpr size_t kRebuildPageDivisor = 16;
// How long to wait before a failed read of the log or a failed write of views is tried again.
inline constexpr int64_t kRetryMicros = 500'000;
// While nobody waits for the views, the follower looks for new batches this often, instead of being
// woken for each: a wake-up costs about as much as folding ten commits.
inline constexpr int64_t kPaceMicros = 2000;
// First block of the arena that a batch is parsed on.
inline constexpr size_t kArenaBlockBytes = 64 << 10;
// Tasks that wait for the store's thread; more than this is a bug.
inline constexpr size_t kStoreTasksMax = 1024;

}  // namespace dealog::projections
