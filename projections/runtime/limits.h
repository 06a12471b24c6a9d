#pragma once

// Limits of the runner.

#include <cstddef>
#include <cstdint>

namespace dealog::projections {

// How long to wait before a failed read of the log or a failed write of views is tried again.
inline constexpr int64_t kRetryMicros = 500'000;
// While nobody waits for the views, the follower looks for new batches this often, instead of being
// woken for each: a wake-up costs about as much as folding ten commits.
inline constexpr int64_t kPaceMicros = 2000;
// First block of the arena that a commit is parsed on.
inline constexpr size_t kArenaBlockBytes = 64 << 10;
// Tasks that wait for the store's thread; more than this is a bug.
inline constexpr size_t kStoreTasksMax = 1024;
// Unknown fields that a view of a tenant remembers one by one, and how long their names are.
inline constexpr size_t kUnknownKindsMax = 64;
inline constexpr size_t kUnknownPathMax = 64;
// Events that a tenant without resident views may have past its rows before these are refreshed in
// the background: what its next read has to fold at most, about.
inline constexpr uint64_t kColdEventsMax = 5'000;
// Events that a load may hand over unflushed.
inline constexpr size_t kHandOverEventsMax = 1'000;
// How soon a load that found no room in memory is tried again.
inline constexpr int64_t kRoomRetryMicros = 20'000;
// Threads that load tenants, at most.
inline constexpr size_t kLoaderThreadsMax = 16;

}  // namespace dealog::projections
