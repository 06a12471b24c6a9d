#pragma once

// Limits of the audit, by name.

#include <cstddef>
#include <cstdint>

namespace dealog::eventstore {

// After the log woke it, the follower waits so long for more, so that a partial tile is written a
// few times a second and not with every batch. Well below the second that a tree may be behind.
inline constexpr int64_t kAuditGatherMicros = 200'000;
// Pause after an error of the log or of the store.
inline constexpr int64_t kAuditRetryMicros = 500'000;
// Bytes of commits that one write of tiles stands for.
inline constexpr size_t kAuditPageBytes = 4 << 20;
// Trees whose right edge (some 8 KiB) is kept in memory between pages; past it all are let go.
inline constexpr size_t kOpenTreesMax = 1024;
// How often a history check notes the root, in events: how narrow a change is found by proofs.
inline constexpr uint64_t kPrefixRootEvents = 256;

}  // namespace dealog::eventstore
