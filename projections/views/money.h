#pragma once

// Amounts: checked sums, weights, and the API's form.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dealog/v1/board.pb.h"
#include "dealog/v1/common.pb.h"
#include "google/protobuf/repeated_field.h"

namespace dealog::projections {

// An ISO 4217 code as a number, so that columns hold it; 0 = none.
using Currency = uint32_t;
Currency PackCurrency(std::string_view code);
std::string UnpackCurrency(Currency currency);

// Minor units to the API's units and nanos.
v1::Money ToMoney(int64_t minor, std::string_view currency_code);

// "1234.50 EUR", with the currency's decimals.
std::string MoneyText(int64_t minor, std::string_view currency_code);

// A probability in billionths. Decimal, so that halves are halves: 0.35 x 10 rounds to 4.
int64_t ProbabilityNanos(double probability);
// amount x probability, rounded half away from zero.
int64_t Weighted(int64_t amount_minor, int64_t probability_nanos);
// numerator / denominator, rounded half away from zero; denominator > 0.
__int128 DivideRounded(__int128 numerator, __int128 denominator);

// Sums of amounts per currency. They cannot overflow while adding; reading them out checks.
class CurrencySums {
 public:
  void Add(Currency currency, int64_t amount_minor, int64_t weighted_minor) {
    Sum& sum = Find(currency);
    sum.amount += amount_minor;
    sum.weighted += weighted_minor;
  }
  void AddSum(Currency currency, __int128 amount, __int128 weighted) {
    Sum& sum = Find(currency);
    sum.amount += amount;
    sum.weighted += weighted;
  }
  void Merge(const CurrencySums& other);
  // By code. OUT_OF_RANGE if a sum is more than 64 bits; weights only if `weighted`.
  absl::Status Write(bool weighted,
                     google::protobuf::RepeatedPtrField<v1::CurrencyTotal>& totals) const;

 private:
  struct Sum {
    Currency currency = 0;
    __int128 amount = 0;
    __int128 weighted = 0;
  };
  Sum& Find(Currency currency) {
    for (Sum& sum : sums_) {
      if (sum.currency == currency) return sum;
    }
    return sums_.emplace_back(Sum{.currency = currency});
  }
  std::vector<Sum> sums_;  // Few: a tenant's currencies.
};

// OUT_OF_RANGE / OUT_OF_RANGE if the sum does not fit 64 bits.
absl::StatusOr<int64_t> CheckedSum(__int128 sum, std::string_view currency_code);

}  // namespace dealog::projections
