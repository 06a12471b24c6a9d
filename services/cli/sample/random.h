#pragma once

// Random numbers that are the same on every machine and with every library: the standard's
// distributions are not, and the sample must be.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dealog::cli {

// SplitMix64. Thread safety: none; a value.
class Random {
 public:
  // Streams of different keys are independent: each deal has its own, whatever comes before it.
  explicit Random(std::string_view key);

  uint64_t Next();
  // In [0, 1).
  double Uniform();
  // In [0, count); count > 0.
  size_t Index(size_t count);
  bool Chance(double probability) { return Uniform() < probability; }
  // In [low, high).
  double Between(double low, double high) { return low + (high - low) * Uniform(); }
  // Positive, skewed to the right: half of the values are below `median`.
  double LogNormal(double median, double sigma);

 private:
  uint64_t state_;
};

}  // namespace dealog::cli
