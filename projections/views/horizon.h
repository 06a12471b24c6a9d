#pragma once

// The two independent instants of a question: which events were known, and which had occurred.

#include <cstdint>
#include <limits>

#include "projections/views/queries.h"

namespace dealog::projections {

// "Has not happened": later than every instant. Also the as_of that excludes nothing.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

struct Horizon {
  uint64_t known_position = std::numeric_limits<uint64_t>::max();  // Events up to and including it.
  int64_t as_of_us = kNever;  // Events that occurred strictly before it.

  static Horizon Of(const AsKnown& when) {
    Horizon horizon;
    if (when.known_position) horizon.known_position = when.known_position->value;
    if (when.as_of_us) horizon.as_of_us = *when.as_of_us;
    return horizon;
  }
  bool Knows(uint64_t position) const { return position <= known_position; }
  bool Includes(uint64_t position, int64_t occurred_us) const {
    return Knows(position) && occurred_us < as_of_us;
  }
  bool operator==(const Horizon&) const = default;
  // The same, taking everything known, whenever it occurred.
  Horizon WithoutAsOf() const { return {.known_position = known_position}; }
};

}  // namespace dealog::projections
