#pragma once

// Limits of views.

namespace dealog::projections {

// Events in one chunk of a deal's tape, which is one row. A deal of one chunk is folded anew when
// it changes; a longer one keeps its fold.
inline constexpr int kTapeChunkEvents = 64;

}  // namespace dealog::projections
