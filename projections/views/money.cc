#include "projections/views/money.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

constexpr int64_t kNanos = 1'000'000'000;
constexpr int kDecimalsUnknown = 2;  // Most currencies'; deciders admit known ones only.

}  // namespace

Currency PackCurrency(std::string_view code) {
  Currency packed = 0;
  for (const char letter : code.substr(0, 3)) {
    packed = packed << 8 | static_cast<unsigned char>(letter);
  }
  return packed;
}

std::string UnpackCurrency(Currency currency) {
  std::string code;
  for (int shift = 16; shift >= 0; shift -= 8) {
    if (const char letter = static_cast<char>(currency >> shift & 0xff)) code.push_back(letter);
  }
  return code;
}

v1::Money ToMoney(int64_t minor, std::string_view currency_code) {
  const base::UnitsAndNanos amount =
      base::FromMinor(minor, base::CurrencyDecimals(currency_code).value_or(kDecimalsUnknown));
  v1::Money money;
  money.set_currency_code(std::string(currency_code));
  money.set_units(amount.units);
  money.set_nanos(amount.nanos);
  return money;
}

std::string MoneyText(int64_t minor, std::string_view currency_code) {
  const std::string code(currency_code);
  const int decimals = base::CurrencyDecimals(code).value_or(2);
  const base::UnitsAndNanos parts = base::FromMinor(minor, decimals);
  const char* const sign = minor < 0 ? "-" : "";
  const auto units =
      parts.units < 0 ? -static_cast<uint64_t>(parts.units) : static_cast<uint64_t>(parts.units);
  if (decimals == 0) return absl::StrCat(sign, units, " ", code);
  const std::string nanos = absl::StrFormat("%09d", parts.nanos < 0 ? -parts.nanos : parts.nanos);
  return absl::StrCat(sign, units, ".", nanos.substr(0, static_cast<size_t>(decimals)), " ", code);
}

int64_t ProbabilityNanos(double probability) {
  return std::llround(probability * static_cast<double>(kNanos));
}

int64_t Weighted(int64_t amount_minor, int64_t probability_nanos) {
  // Nearly all amounts: 128-bit division is slow, and boards weigh every deal.
  if (amount_minor >= 0 && amount_minor < std::numeric_limits<int64_t>::max() / kNanos - 1 &&
      probability_nanos <= kNanos) {
    return (amount_minor * probability_nanos + kNanos / 2) / kNanos;
  }
  return static_cast<int64_t>(
      DivideRounded(static_cast<__int128>(amount_minor) * probability_nanos, kNanos));
}

__int128 DivideRounded(__int128 numerator, __int128 denominator) {
  const __int128 half = denominator / 2;
  return (numerator + (numerator < 0 ? -half : half)) / denominator;
}

void CurrencySums::Merge(const CurrencySums& other) {
  for (const Sum& each : other.sums_) {
    Sum& sum = Find(each.currency);
    sum.amount += each.amount;
    sum.weighted += each.weighted;
  }
}

absl::Status CurrencySums::Write(
    bool weighted, google::protobuf::RepeatedPtrField<v1::CurrencyTotal>& totals) const {
  std::vector<Sum> sorted = sums_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Sum& a, const Sum& b) { return a.currency < b.currency; });
  for (const Sum& sum : sorted) {
    const std::string code = UnpackCurrency(sum.currency);
    v1::CurrencyTotal& total = *totals.Add();
    total.set_currency_code(code);
    ASSIGN_OR_RETURN(const int64_t amount, CheckedSum(sum.amount, code));
    total.set_amount_minor(amount);
    if (!weighted) continue;
    ASSIGN_OR_RETURN(const int64_t weighted_sum, CheckedSum(sum.weighted, code));
    total.set_weighted_minor(weighted_sum);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> CheckedSum(__int128 sum, std::string_view currency_code) {
  if (sum > std::numeric_limits<int64_t>::max() || sum < std::numeric_limits<int64_t>::min()) {
    return base::Error(absl::StatusCode::kOutOfRange, "OUT_OF_RANGE",
                       absl::StrCat("the sum of amounts in ", base::View(currency_code),
                                    " does not fit 64 bits of minor units; narrow the filter"));
  }
  return static_cast<int64_t>(sum);
}

}  // namespace dealog::projections
