#pragma once

// ISO 4217 currencies, from ICU's tables.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dealog::base {

// Number of decimals of the currency (2 for EUR, 0 for JPY, 3 for KWD); nullopt if `code` is not
// three upper-case letters of a known currency. Thread safety: yes.
std::optional<int> CurrencyDecimals(std::string_view code);

// A money amount as whole units and nanos, both of the same sign.
struct UnitsAndNanos {
  int64_t units = 0;
  int32_t nanos = 0;
};

// Minor units to units and nanos; `decimals` is 0 to 4.
UnitsAndNanos FromMinor(int64_t minor, int decimals);

// Units and nanos to minor units; nullopt on overflow, on more decimals than `decimals`, or if the
// signs differ.
std::optional<int64_t> ToMinor(UnitsAndNanos amount, int decimals);

}  // namespace dealog::base
