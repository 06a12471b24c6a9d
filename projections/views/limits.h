#pragma once

// Limits of views.

#include <cstddef>

namespace dealog::projections {

// Fact tables of past positions (known_at) that a tenant keeps at hand: each is about as large as
// the present one. Two, for a question that compares two positions.
inline constexpr size_t kPastTablesMax = 2;

// What a question passes under the tenant's lock, while a fold waits (some 2 ms). Where there is
// more it detaches first.
inline constexpr size_t kDealsUnderLockMax = 20'000;
inline constexpr size_t kRecordsUnderLockMax = 4'000;

// Events in one chunk of a deal's tape, which is one row. A deal of one chunk is folded anew when
// it changes; a longer one keeps its fold.
inline constexpr int kTapeChunkEvents = 64;

// Widest node of a RecordMap: so much is cloned per level by the first edit after a copy.
inline constexpr size_t kRecordNodeMax = 64;

}  // namespace dealog::projections
