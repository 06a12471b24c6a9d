#pragma once

// Where a row stands in a list.

#include <compare>
#include <cstdint>
#include <limits>
#include <string_view>

namespace dealog::projections {

// A row's place in a list: first by number, then by text, then by id, which makes it unique.
struct OrderKey {
  int64_t number = 0;
  std::string_view text;
  std::string_view id;
  auto operator<=>(const OrderKey&) const = default;
};

// Unset values come last, whichever way the list runs.
constexpr int64_t UnsetNumber(bool descending) {
  return descending ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

}  // namespace dealog::projections
