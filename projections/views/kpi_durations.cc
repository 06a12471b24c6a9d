#include "projections/views/kpi_durations.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <numeric>

namespace dealog::projections {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr std::array<uint64_t, 3> kPercents = {50, 75, 90};
using Ranks = std::array<uint64_t, kPercents.size()>;
using Selected = std::array<int64_t, kPercents.size()>;

// Fewer are not counted: a copy sorted into place costs less.
constexpr size_t kCountedMin = 1024;

constexpr int kSubBits = 5;
constexpr size_t kBucketCount = (64 - kSubBits) << kSubBits;

uint16_t BucketOf(int64_t micros) {
  const auto value = static_cast<uint64_t>(micros);
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kSubBits - 1);
  return static_cast<uint16_t>((static_cast<uint64_t>(shift) << kSubBits) + (value >> shift));
}

// The values at the ranks (from 0, ascending) of a few values.
Selected SelectAmongFew(std::span<const Durations* const> parts, const Ranks& ranks) {
  std::vector<int64_t> values;
  for (const Durations* part : parts) {
    values.insert(values.end(), part->values().begin(), part->values().end());
  }
  Selected found{};
  auto begin = values.begin();
  for (size_t i = 0; i < ranks.size(); ++i) {
    const auto at = values.begin() + static_cast<ptrdiff_t>(ranks[i]);
    std::nth_element(begin, at, values.end());
    found[i] = *at;
    begin = at;  // What follows is not smaller.
  }
  return found;
}

// Adds how many values there are per bucket.
void AddCounts(const Durations& part, std::vector<uint32_t>& counts) {
  const std::vector<uint32_t>& ends = part.summary().ends;
  if (ends.empty()) {
    for (const int64_t micros : part.values()) ++counts[BucketOf(micros)];
    return;
  }
  uint32_t begin = 0;
  for (size_t i = 0; i < ends.size(); begin = ends[i++]) counts[i] += ends[i] - begin;
}

void AppendBucket(const Durations& part, size_t bucket, std::vector<int64_t>& values) {
  const Durations::Summary& summary = part.summary();
  if (summary.ends.empty()) {
    std::copy_if(part.values().begin(), part.values().end(), std::back_inserter(values),
                 [bucket](int64_t micros) { return BucketOf(micros) == bucket; });
    return;
  }
  const auto begin = bucket == 0 ? 0 : static_cast<ptrdiff_t>(summary.ends[bucket - 1]);
  values.insert(values.end(), summary.by_bucket.begin() + begin,
                summary.by_bucket.begin() + static_cast<ptrdiff_t>(summary.ends[bucket]));
}

// The same of many: counting buckets tells in which ones the ranks are.
Selected SelectAmongMany(std::span<const Durations* const> parts, const Ranks& ranks) {
  std::vector<uint32_t> counts(kBucketCount);
  for (const Durations* part : parts) AddCounts(*part, counts);
  Selected found{};
  std::vector<int64_t> held;
  size_t held_bucket = kBucketCount;  // None.
  size_t bucket = 0;
  uint64_t before = 0;  // Values in lower buckets.
  for (size_t i = 0; i < ranks.size(); ++i) {
    while (ranks[i] >= before + counts[bucket]) before += counts[bucket++];
    if (bucket != held_bucket) {
      held.clear();
      for (const Durations* part : parts) AppendBucket(*part, bucket, held);
      held_bucket = bucket;
    }
    const auto at = held.begin() + static_cast<ptrdiff_t>(ranks[i] - before);
    std::nth_element(held.begin(), at, held.end());
    found[i] = *at;
  }
  return found;
}

}  // namespace

const Durations::Summary& Durations::summary() const {
  if (summary_.count == values_.size()) return summary_;
  summary_ = {.count = values_.size()};
  for (const int64_t micros : values_) {
    summary_.sum += micros;
    summary_.longest = std::max(summary_.longest, micros);
  }
  if (values_.size() < kCountedMin) return summary_;
  std::vector<uint16_t> buckets(values_.size());
  std::vector<uint32_t>& ends = summary_.ends;
  ends.resize(kBucketCount);
  uint16_t* bucket = buckets.data();
  for (const int64_t micros : values_) ++ends[*bucket++ = BucketOf(micros)];
  std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), 0U);
  summary_.by_bucket.resize(values_.size());
  // Each bucket's begin moves on to its end as it fills.
  bucket = buckets.data();
  for (const int64_t micros : values_) summary_.by_bucket[ends[*bucket++]++] = micros;
  return summary_;
}

void WriteDurations(std::span<const Durations* const> parts, v1::KpiResult& result) {
  uint64_t count = 0;
  __int128 sum = 0;
  int64_t longest = 0;
  for (const Durations* part : parts) {
    count += part->size();
    sum += part->summary().sum;
    longest = std::max(longest, part->summary().longest);
  }
  result.set_sample_size(static_cast<int64_t>(count));
  if (count == 0) return;
  Ranks ranks{};
  for (size_t i = 0; i < ranks.size(); ++i) ranks[i] = (kPercents[i] * count + 99) / 100 - 1;
  const Selected found =
      count < kCountedMin ? SelectAmongFew(parts, ranks) : SelectAmongMany(parts, ranks);
  const auto seconds = [](int64_t micros) {
    return static_cast<double>(micros) / kMicrosPerSecond;
  };
  const double mean = static_cast<double>(sum) / static_cast<double>(count) / kMicrosPerSecond;
  result.set_value(mean);
  result.set_mean_seconds(mean);
  result.set_p50_seconds(seconds(found[0]));
  result.set_p75_seconds(seconds(found[1]));
  result.set_p90_seconds(seconds(found[2]));
  result.set_max_seconds(seconds(longest));
}

}  // namespace dealog::projections
