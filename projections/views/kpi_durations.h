#pragma once

// Exact statistics of durations: mean, nearest-rank percentiles, maximum.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dealog/v1/kpi.pb.h"

namespace dealog::projections {

// Durations in µs, none negative, and how many there are of about each length: 32 buckets per power
// of two, so that each holds values within about 3 % of each other; values below 64 have a bucket
// each. The bucket's number rises with the value. Thread safety: none.
class Durations {
 public:
  static constexpr int kSubBits = 5;
  static constexpr size_t kBucketCount = (64 - kSubBits) << kSubBits;
  // Fewer are not counted: a copy sorted into place costs less.
  static constexpr size_t kCountedMin = 1024;

  void Add(int64_t micros) {
    const auto value = static_cast<uint64_t>(micros);
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kSubBits - 1);
    const auto bucket =
        static_cast<uint16_t>((static_cast<uint64_t>(shift) << kSubBits) + (value >> shift));
    values_.push_back(micros);
    buckets_.push_back(bucket);
    sum_ += micros;
    longest_ = std::max(longest_, micros);
    if (!counts_.empty()) {
      ++counts_[bucket];
    } else if (values_.size() == kCountedMin) {
      counts_.resize(kBucketCount);
      AddTo(counts_);
    }
  }

  size_t size() const { return values_.size(); }
  __int128 sum() const { return sum_; }
  int64_t longest() const { return longest_; }
  const std::vector<int64_t>& values() const { return values_; }
  const std::vector<uint16_t>& buckets() const { return buckets_; }  // Of the values, in order.
  // Adds how many there are per bucket.
  void AddTo(std::vector<uint32_t>& counts) const;

 private:
  std::vector<int64_t> values_;
  std::vector<uint16_t> buckets_;
  std::vector<uint32_t> counts_;  // By bucket; empty while there are few.
  __int128 sum_ = 0;
  int64_t longest_ = 0;
};

// Writes sample_size and, unless there is none, value (the mean), mean, p50, p75, p90 and max of
// all parts together. Percentile p of n is the ⌈p·n/100⌉-th smallest. Linear time: buckets are
// counted first, and only those that hold a wanted rank are looked into.
void WriteDurations(std::span<const Durations* const> parts, v1::KpiResult& result);

}  // namespace dealog::projections
