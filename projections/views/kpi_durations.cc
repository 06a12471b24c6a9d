#include "projections/views/kpi_durations.h"

#include <algorithm>
#include <array>
#include <bit>

namespace dealog::projections {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr std::array<uint64_t, 3> kPercents = {50, 75, 90};

// Buckets: 32 per power of two, so that each holds values within about 3 % of each other; values
// below 64 have a bucket each. The bucket number rises with the value.
constexpr int kSubBits = 5;
constexpr size_t kBucketCount = (64 - kSubBits) << kSubBits;

size_t BucketOf(int64_t micros) {
  const auto value = static_cast<uint64_t>(micros);
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kSubBits - 1);
  return (static_cast<size_t>(shift) << kSubBits) + (value >> shift);
}

// Finds the values at the given ranks (from 0, ascending) of all parts.
std::array<int64_t, kPercents.size()> Select(std::span<const Durations* const> parts,
                                             const std::vector<uint32_t>& counts,
                                             const std::array<uint64_t, kPercents.size()>& ranks) {
  std::array<size_t, kPercents.size()> buckets{};
  std::array<uint64_t, kPercents.size()> before{};  // Values in lower buckets.
  uint64_t seen = 0;
  size_t next = 0;
  for (size_t bucket = 0; bucket < counts.size() && next < ranks.size(); ++bucket) {
    for (; next < ranks.size() && ranks[next] < seen + counts[bucket]; ++next) {
      buckets[next] = bucket;
      before[next] = seen;
    }
    seen += counts[bucket];
  }
  std::vector<uint8_t> wanted(kBucketCount);
  for (const size_t bucket : buckets) wanted[bucket] = 1;
  std::array<Durations, kPercents.size()> held;
  for (const Durations* part : parts) {
    for (const int64_t micros : *part) {
      const size_t bucket = BucketOf(micros);
      if (!wanted[bucket]) continue;
      // Percentiles may share a bucket: the first of them holds it.
      held[static_cast<size_t>(std::find(buckets.begin(), buckets.end(), bucket) - buckets.begin())]
          .push_back(micros);
    }
  }
  std::array<int64_t, kPercents.size()> found{};
  for (size_t i = 0; i < ranks.size(); ++i) {
    Durations& values = held[static_cast<size_t>(
        std::find(buckets.begin(), buckets.end(), buckets[i]) - buckets.begin())];
    const auto at = values.begin() + static_cast<ptrdiff_t>(ranks[i] - before[i]);
    std::nth_element(values.begin(), at, values.end());
    found[i] = *at;
  }
  return found;
}

}  // namespace

void WriteDurations(std::span<const Durations* const> parts, v1::KpiResult& result) {
  std::vector<uint32_t> counts(kBucketCount);
  uint64_t count = 0;
  __int128 sum = 0;
  int64_t longest = 0;
  for (const Durations* part : parts) {
    count += part->size();
    for (const int64_t micros : *part) {
      sum += micros;
      longest = std::max(longest, micros);
      ++counts[BucketOf(micros)];
    }
  }
  result.set_sample_size(static_cast<int64_t>(count));
  if (count == 0) return;
  std::array<uint64_t, kPercents.size()> ranks{};
  for (size_t i = 0; i < ranks.size(); ++i) ranks[i] = (kPercents[i] * count + 99) / 100 - 1;
  const std::array<int64_t, kPercents.size()> found = Select(parts, counts, ranks);
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
