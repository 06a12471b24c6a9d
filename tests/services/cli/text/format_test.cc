// Method: each Format function at its borders (signs, zero, the smallest integer, currencies with
// 0, 2 and 3 decimals, units of time).

#include "services/cli/text/format.h"

#include <gtest/gtest.h>

namespace dealog::cli {
namespace {

v1::Money MakeMoney(int64_t units, int32_t nanos, const char* currency) {
  v1::Money money;
  money.set_units(units);
  money.set_nanos(nanos);
  money.set_currency_code(currency);
  return money;
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
  EXPECT_EQ(FormatCount(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(FormatMinor, UsesTheCurrencysDecimals) {
  EXPECT_EQ(FormatMinor(123'450, "EUR"), "1,234.50 EUR");
  EXPECT_EQ(FormatMinor(5, "EUR"), "0.05 EUR");
  EXPECT_EQ(FormatMinor(-5, "EUR"), "-0.05 EUR");
  EXPECT_EQ(FormatMinor(1234, "JPY"), "1,234 JPY");
  EXPECT_EQ(FormatMinor(1234, "KWD"), "1.234 KWD");
  EXPECT_EQ(FormatMinor(INT64_MIN, "USD"), "-92,233,720,368,547,758.08 USD");
}

TEST(FormatMoney, ShowsNanosThatTheCurrencyLacks) {
  EXPECT_EQ(FormatMoney(MakeMoney(10'005'534, 0, "USD")), "10,005,534.00 USD");
  EXPECT_EQ(FormatMoney(MakeMoney(2360, 910'000'000, "USD")), "2,360.91 USD");
  EXPECT_EQ(FormatMoney(MakeMoney(1, 1'000'000, "USD")), "1.001 USD");
  EXPECT_EQ(FormatMoney(MakeMoney(0, -50'000'000, "USD")), "-0.05 USD");
  EXPECT_EQ(FormatMoney(MakeMoney(7, 0, "JPY")), "7 JPY");
}

TEST(FormatSeconds, PicksTheUnit) {
  EXPECT_EQ(FormatSeconds(47.99 * 86'400), "47.99 d");
  EXPECT_EQ(FormatSeconds(86'400), "1.00 d");
  EXPECT_EQ(FormatSeconds(12'600), "3.5 h");
  EXPECT_EQ(FormatSeconds(90), "1.5 min");
  EXPECT_EQ(FormatSeconds(59), "59 s");
  EXPECT_EQ(FormatSeconds(0), "0 s");
}

TEST(FormatPercent, HasTwoDecimals) {
  EXPECT_EQ(FormatPercent(4238.0 / 6711.0), "63.15 %");
  EXPECT_EQ(FormatPercent(0), "0.00 %");
}

TEST(FormatTime, LeavesMidnightOut) {
  google::protobuf::Timestamp time;
  EXPECT_EQ(FormatTime(time), "");
  time.set_seconds(1'488'326'400);
  EXPECT_EQ(FormatTime(time), "2017-03-01");
  time.set_seconds(1'488'360'600);
  EXPECT_EQ(FormatTime(time), "2017-03-01 09:30:00");
}

TEST(FormatDate, PadsAndLeavesUnsetOut) {
  events::v1::Date date;
  EXPECT_EQ(FormatDate(date), "");
  date.set_year(2017);
  date.set_month(3);
  date.set_day(1);
  EXPECT_EQ(FormatDate(date), "2017-03-01");
}

}  // namespace
}  // namespace dealog::cli
