#include "services/cli/sample/random.h"

#include <cmath>
#include <cstring>

#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"

namespace dealog::cli {

Random::Random(std::string_view key) {
  const base::Digest digest = base::Sha256(key);
  state_ = 0;
  for (size_t i = 0; i < sizeof(state_); ++i) state_ = state_ << 8 | digest[i];
}

uint64_t Random::Next() {
  // Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
  state_ += 0x9E3779B97F4A7C15ULL;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31);
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

size_t Random::Index(size_t count) {
  DEALOG_CHECK(count > 0) << "an index of nothing";
  return static_cast<size_t>(Uniform() * static_cast<double>(count));
}

double Random::LogNormal(double median, double sigma) {
  // The sum of twelve uniform numbers is near enough to a normal one, and needs no logarithm or
  // cosine, whose last bit differs between libraries.
  double normal = -6;
  for (int i = 0; i < 12; ++i) normal += Uniform();
  return median * std::exp(sigma * normal);
}

}  // namespace dealog::cli
