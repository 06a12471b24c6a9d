#pragma once

// Limits of views.

namespace dealog::projections {

// Rejected rows that an import shows; the rest are counted only.
inline constexpr int kRejectedRowsShownMax = 1'000;

}  // namespace dealog::projections
