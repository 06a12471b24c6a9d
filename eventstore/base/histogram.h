#pragma once

// Counts observations by size, for metrics: cheap enough for the path of a commit.
//
//   base::Histogram sync_us(base::kLatencyBoundsMicros);
//   sync_us.Observe(base::MonotonicMicros() - begin);       // any thread
//   base::HistogramReading reading = sync_us.Read();        // any thread, now and then

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dealog::base {

// Bounds for durations from 100 µs to 10 s.
inline constexpr std::array<int64_t, 16> kLatencyBoundsMicros = {
    100,    250,     500,     1'000,   2'500,     5'000,     10'000,    25'000,
    50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
// Bounds for numbers of things from 1 to 1024.
inline constexpr std::array<int64_t, 11> kCountBounds = {1,  2,   4,   8,   16,  32,
                                                         64, 128, 256, 512, 1024};

// What a histogram held at a moment.
struct HistogramReading {
  std::vector<int64_t> bounds;   // Upper bounds, inclusive, rising.
  std::vector<uint64_t> counts;  // Per bound those above the one before, then those above the last.
  uint64_t sum = 0;              // Of all observed values.

  uint64_t count() const;
  // Adds another's; both have the same bounds, or this one has none yet.
  void Add(const HistogramReading& other);
};

// Thread safety: yes, without locks. Each count is exact; together they are a moment's blur.
class Histogram {
 public:
  static constexpr size_t kBoundsMax = 16;

  // `bounds`: rising, at most kBoundsMax (checked); must live as long as this.
  explicit Histogram(std::span<const int64_t> bounds);

  // A value below 0 counts as 0: a clock that went back adds nothing.
  void Observe(int64_t value) {
    if (value < 0) value = 0;
    size_t slot = 0;
    while (slot < bounds_.size() && value > bounds_[slot]) ++slot;
    counts_[slot].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(static_cast<uint64_t>(value), std::memory_order_relaxed);
  }

  HistogramReading Read() const;

 private:
  const std::span<const int64_t> bounds_;
  std::array<std::atomic<uint64_t>, kBoundsMax + 1> counts_{};
  std::atomic<uint64_t> sum_{0};
};

}  // namespace dealog::base
