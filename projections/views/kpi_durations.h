#pragma once

// Exact statistics of durations: mean, nearest-rank percentiles, maximum.

#include <cstdint>
#include <span>
#include <vector>

#include "dealog/v1/kpi.pb.h"

namespace dealog::projections {

// Durations in µs, none negative.
using Durations = std::vector<int64_t>;

// Writes sample_size and, unless there is none, value (the mean), mean, p50, p75, p90 and max of
// all parts together. Percentile p of n is the ⌈p·n/100⌉-th smallest. Linear time: buckets are
// counted first, and only those that hold a wanted rank are looked into.
void WriteDurations(std::span<const Durations* const> parts, v1::KpiResult& result);

}  // namespace dealog::projections
