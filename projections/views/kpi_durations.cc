#include "projections/views/kpi_durations.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

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

// The same of many: the histogram tells in which buckets the ranks are.
Selected SelectAmongMany(std::span<const Durations* const> parts,
                         const std::vector<uint32_t>& counts, const Ranks& ranks) {
  std::array<size_t, kPercents.size()> buckets{};
  Ranks before{};  // Values in lower buckets.
  uint64_t seen = 0;
  size_t next = 0;
  for (size_t bucket = 0; bucket < counts.size() && next < ranks.size(); ++bucket) {
    for (; next < ranks.size() && ranks[next] < seen + counts[bucket]; ++next) {
      buckets[next] = bucket;
      before[next] = seen;
    }
    seen += counts[bucket];
  }
  // Percentiles may share a bucket: the first of them holds it.
  const auto holder = [&buckets](size_t bucket) {
    return static_cast<size_t>(std::find(buckets.begin(), buckets.end(), bucket) - buckets.begin());
  };
  std::vector<uint8_t> wanted(kBucketCount);
  for (const size_t bucket : buckets) wanted[bucket] = 1;
  std::array<std::vector<int64_t>, kPercents.size()> held;
  for (const Durations* part : parts) {
    const std::vector<uint16_t>& bucket_of = part->summary().buckets;
    for (size_t i = 0; i < bucket_of.size(); ++i) {
      if (wanted[bucket_of[i]]) held[holder(bucket_of[i])].push_back(part->values()[i]);
    }
  }
  Selected found{};
  for (size_t i = 0; i < ranks.size(); ++i) {
    std::vector<int64_t>& values = held[holder(buckets[i])];
    const auto at = values.begin() + static_cast<ptrdiff_t>(ranks[i] - before[i]);
    std::nth_element(values.begin(), at, values.end());
    found[i] = *at;
  }
  return found;
}

}  // namespace

void Durations::Summary::AddTo(std::vector<uint32_t>& all) const {
  if (counts.empty()) {
    for (const uint16_t bucket : buckets) ++all[bucket];
  } else {
    for (size_t i = 0; i < all.size(); ++i) all[i] += counts[i];
  }
}

const Durations::Summary& Durations::summary() const {
  if (summary_.buckets.size() == values_.size()) return summary_;
  summary_ = {};
  summary_.buckets.resize(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    summary_.buckets[i] = BucketOf(values_[i]);
    summary_.sum += values_[i];
    summary_.longest = std::max(summary_.longest, values_[i]);
  }
  if (values_.size() >= kCountedMin) {
    std::vector<uint32_t> counts(kBucketCount);
    summary_.AddTo(counts);
    summary_.counts = std::move(counts);
  }
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
  Selected found{};
  if (count < kCountedMin) {
    found = SelectAmongFew(parts, ranks);
  } else {
    std::vector<uint32_t> counts(kBucketCount);
    for (const Durations* part : parts) part->summary().AddTo(counts);
    found = SelectAmongMany(parts, counts, ranks);
  }
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
