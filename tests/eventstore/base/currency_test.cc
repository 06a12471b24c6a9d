// Minor units of real currencies, and refusal of what does not fit.
#include "eventstore/base/currency.h"

#include <gtest/gtest.h>

namespace dealog::base {
namespace {

TEST(Currency, KnowsDecimals) {
  EXPECT_EQ(CurrencyDecimals("EUR"), 2);
  EXPECT_EQ(CurrencyDecimals("JPY"), 0);
  EXPECT_EQ(CurrencyDecimals("KWD"), 3);
}

TEST(Currency, RefusesWhatIsNoCurrency) {
  for (const char* code : {"", "EU", "eur", "EURO", "QQQ", "XXX", "E1R"}) {
    EXPECT_EQ(CurrencyDecimals(code), std::nullopt) << code;
  }
}

TEST(Currency, ConvertsBothWays) {
  EXPECT_EQ(ToMinor({12, 340'000'000}, 2), 1234);
  EXPECT_EQ(ToMinor({-12, -340'000'000}, 2), -1234);
  const UnitsAndNanos amount = FromMinor(-1234, 2);
  EXPECT_EQ(amount.units, -12);
  EXPECT_EQ(amount.nanos, -340'000'000);
}

TEST(Currency, RefusesMoreDecimalsThanThereAreMixedSignsAndOverflow) {
  EXPECT_EQ(ToMinor({1, 1'000'000}, 2), std::nullopt);
  EXPECT_EQ(ToMinor({1, 500'000'000}, 0), std::nullopt);
  EXPECT_EQ(ToMinor({1, -10'000'000}, 2), std::nullopt);
  EXPECT_EQ(ToMinor({INT64_MAX / 10, 0}, 2), std::nullopt);
  EXPECT_EQ(ToMinor({0, 1'000'000'000}, 2), std::nullopt);
}

}  // namespace
}  // namespace dealog::base
