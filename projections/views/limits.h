#pragma once

// Limits of views.

namespace dealog::projections {

// Events in one chunk of a deal's tape, which is one row. A deal of one chunk is folded anew when
// it changes; a longer one keeps its fold.
inline constexpr int kTapeChunkEvents = 64;

// Rejected rows that an import shows; the rest are counted only.
inline constexpr int kRejectedRowsShownMax = 1'000;

}  // namespace dealog::projections
