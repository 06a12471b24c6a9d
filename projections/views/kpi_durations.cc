#include "projections/views/kpi_durations.h"

#include <algorithm>
#include <array>

namespace dealog::projections {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr std::array<uint64_t, 3> kPercents = {50, 75, 90};
using Ranks = std::array<uint64_t, kPercents.size()>;
using Selected = std::array<int64_t, kPercents.size()>;

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
  std::vector<uint8_t> wanted(Durations::kBucketCount);
  for (const size_t bucket : buckets) wanted[bucket] = 1;
  std::array<std::vector<int64_t>, kPercents.size()> held;
  for (const Durations* part : parts) {
    const std::vector<uint16_t>& bucket_of = part->buckets();
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

void Durations::AddTo(std::vector<uint32_t>& counts) const {
  // Counting in this very vector is how counts_ begins.
  if (counts_.empty() || &counts == &counts_) {
    for (const uint16_t bucket : buckets_) ++counts[bucket];
  } else {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += counts_[i];
  }
}

void WriteDurations(std::span<const Durations* const> parts, v1::KpiResult& result) {
  uint64_t count = 0;
  __int128 sum = 0;
  int64_t longest = 0;
  for (const Durations* part : parts) {
    count += part->size();
    sum += part->sum();
    longest = std::max(longest, part->longest());
  }
  result.set_sample_size(static_cast<int64_t>(count));
  if (count == 0) return;
  Ranks ranks{};
  for (size_t i = 0; i < ranks.size(); ++i) ranks[i] = (kPercents[i] * count + 99) / 100 - 1;
  Selected found{};
  if (count < Durations::kCountedMin) {
    found = SelectAmongFew(parts, ranks);
  } else {
    std::vector<uint32_t> counts(Durations::kBucketCount);
    for (const Durations* part : parts) part->AddTo(counts);
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
