#include "eventstore/base/currency.h"

#include <unicode/ucurr.h>

#include <array>

namespace dealog::base {
namespace {

constexpr std::array<int64_t, 10> kPowersOfTen = {1,      10,      100,      1000,      10000,
                                                  100000, 1000000, 10000000, 100000000, 1000000000};

}  // namespace

std::optional<int> CurrencyDecimals(std::string_view code) {
  if (code.size() != 3) return std::nullopt;
  UChar text[4] = {0, 0, 0, 0};
  for (int i = 0; i < 3; ++i) {
    if (code[i] < 'A' || code[i] > 'Z') return std::nullopt;
    text[i] = static_cast<UChar>(code[i]);
  }
  // 0 for what is not in ISO 4217's numeric list; XXX and XTS are codes for "none" and "test".
  if (ucurr_getNumericCode(text) == 0 || code == "XXX" || code == "XTS") return std::nullopt;
  UErrorCode error = U_ZERO_ERROR;
  const int decimals = ucurr_getDefaultFractionDigits(text, &error);
  if (U_FAILURE(error) || decimals < 0 || decimals > 4) return std::nullopt;
  return decimals;
}

UnitsAndNanos FromMinor(int64_t minor, int decimals) {
  const int64_t scale = kPowersOfTen[decimals];
  return {minor / scale, static_cast<int32_t>((minor % scale) * kPowersOfTen[9 - decimals])};
}

std::optional<int64_t> ToMinor(UnitsAndNanos amount, int decimals) {
  if (amount.nanos <= -1000000000 || amount.nanos >= 1000000000) return std::nullopt;
  if ((amount.units > 0 && amount.nanos < 0) || (amount.units < 0 && amount.nanos > 0)) {
    return std::nullopt;
  }
  const int64_t step = kPowersOfTen[9 - decimals];
  if (amount.nanos % step != 0) return std::nullopt;
  int64_t minor = 0;
  if (__builtin_mul_overflow(amount.units, kPowersOfTen[decimals], &minor) ||
      __builtin_add_overflow(minor, static_cast<int64_t>(amount.nanos / step), &minor)) {
    return std::nullopt;
  }
  return minor;
}

}  // namespace dealog::base
