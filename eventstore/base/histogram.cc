#include "eventstore/base/histogram.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "eventstore/base/check.h"

namespace dealog::base {

uint64_t HistogramReading::count() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

void HistogramReading::Add(const HistogramReading& other) {
  if (counts.empty()) {
    *this = other;
    return;
  }
  if (other.counts.empty()) return;
  DEALOG_CHECK(bounds == other.bounds) << "histograms of different bounds";
  std::transform(counts.begin(), counts.end(), other.counts.begin(), counts.begin(), std::plus<>());
  sum += other.sum;
}

Histogram::Histogram(std::span<const int64_t> bounds) : bounds_(bounds) {
  DEALOG_CHECK(bounds.size() <= kBoundsMax) << bounds.size() << " bounds";
  DEALOG_CHECK(std::is_sorted(bounds.begin(), bounds.end())) << "bounds must rise";
}

HistogramReading Histogram::Read() const {
  HistogramReading reading;
  reading.bounds.assign(bounds_.begin(), bounds_.end());
  reading.counts.reserve(bounds_.size() + 1);
  for (size_t i = 0; i <= bounds_.size(); ++i) {
    reading.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  reading.sum = sum_.load(std::memory_order_relaxed);
  return reading;
}

}  // namespace dealog::base
