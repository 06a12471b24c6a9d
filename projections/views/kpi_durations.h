#pragma once

// Exact statistics of durations: mean, nearest-rank percentiles, maximum.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dealog/v1/kpi.pb.h"

namespace dealog::projections {

// Durations in µs, none negative. Thread safety: none.
class Durations {
 public:
  void Add(int64_t micros) { values_.push_back(micros); }
  size_t size() const { return values_.size(); }
  const std::vector<int64_t>& values() const { return values_; }

  // What statistics are read from. Buckets: 32 per power of two, so that each holds values within
  // about 3 % of each other; values below 64 have a bucket each. A bucket's number rises with the
  // value.
  struct Summary {
    size_t count = 0;
    __int128 sum = 0;
    int64_t longest = 0;
    // Where there are many: the values, lower buckets first, and where each bucket's end.
    std::vector<int64_t> by_bucket;
    std::vector<uint32_t> ends;
  };
  // Made when first asked for, after the last Add.
  const Summary& summary() const;

 private:
  std::vector<int64_t> values_;
  mutable Summary summary_;
};

// Writes sample_size and, unless there is none, value (the mean), mean, p50, p75, p90 and max of
// all parts together. Percentile p of n is the ⌈p·n/100⌉-th smallest. Linear time: buckets are
// counted first, and only those that hold a wanted rank are looked into.
void WriteDurations(std::span<const Durations* const> parts, v1::KpiResult& result);

}  // namespace dealog::projections
