// Method: tables of texts and what they mean, or why they are refused.

#include "services/jobs/values.h"

#include "gtest/gtest.h"

namespace dealog::jobs {
namespace {

std::string DateReason(std::string_view text) {
  events::v1::Date date;
  const MaybeFault fault = ParseDate(text, date);
  return fault ? fault->reason : "";
}

TEST(ParseDate, TakesDaysOfTheCalendar) {
  events::v1::Date date;
  ASSERT_FALSE(ParseDate("2016-02-29", date));
  EXPECT_EQ(date.year(), 2016);
  EXPECT_EQ(date.month(), 2);
  EXPECT_EQ(date.day(), 29);
  EXPECT_EQ(StartOfDay(date, absl::UTCTimeZone()), 1'456'704'000'000'000);
}

TEST(ParseDate, RefusesOtherFormsAndDaysThatAreNot) {
  for (const char* text : {"2017-02-30", "2017-02-29", "2017-13-01", "2017-00-10", "0000-01-01",
                           "2017-1-1", "01/02/2017", "2017-01-01T00:00", "today", "2017-01-0x"}) {
    EXPECT_EQ(DateReason(text), "DATE_INVALID") << text;
  }
}

TEST(StartOfDay, IsThatOfTheZone) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Paris", &zone));
  events::v1::Date date;
  ASSERT_FALSE(ParseDate("2017-07-01", date));
  EXPECT_EQ(InstantText(StartOfDay(date, zone)), "2017-06-30 22:00 UTC");
}

TEST(ParseNumber, TakesWhatIsOne) {
  double number = 0;
  ASSERT_FALSE(ParseNumber("-1100.04", '.', number));
  EXPECT_DOUBLE_EQ(number, -1100.04);
  ASSERT_FALSE(ParseNumber("1100,04", ',', number));
  EXPECT_DOUBLE_EQ(number, 1100.04);
}

TEST(ParseNumber, RefusesWhatIsNone) {
  double number = 0;
  for (const char* text : {"", "abc", "1 000", "1,000", "nan", "inf", "1e999", "0x10", "--1"}) {
    const MaybeFault fault = ParseNumber(text, '.', number);
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(fault->reason, "NUMBER_INVALID") << text;
  }
  EXPECT_TRUE(ParseNumber("1.5", ',', number));
}

TEST(ParseMoney, IsExact) {
  v1::Money money;
  ASSERT_FALSE(ParseMoney("9007199254740993.07", '.', "USD", money));
  EXPECT_EQ(money.units(), 9'007'199'254'740'993);
  EXPECT_EQ(money.nanos(), 70'000'000);
  EXPECT_EQ(money.currency_code(), "USD");
  ASSERT_FALSE(ParseMoney("0", '.', "USD", money));
  EXPECT_EQ(money.units(), 0);
  ASSERT_FALSE(ParseMoney("12,50", ',', "EUR", money));
  EXPECT_EQ(money.nanos(), 500'000'000);
  ASSERT_FALSE(ParseMoney("7.000", '.', "JPY", money)) << "zeros are no decimals";
}

TEST(ParseMoney, Refuses) {
  v1::Money money;
  const auto reason = [&money](std::string_view text, std::string_view currency) {
    const MaybeFault fault = ParseMoney(text, '.', currency, money);
    return fault ? fault->reason : "";
  };
  for (const char* text : {"", "-", "abc", "1 000", "1,000.00", "$5", "1.", ".5", "1.2.3", "1e3",
                           "99999999999999999999"}) {
    EXPECT_EQ(reason(text, "USD"), "NUMBER_INVALID") << text;
  }
  EXPECT_EQ(reason("1.005", "USD"), "NUMBER_INVALID") << "more decimals than the currency has";
  EXPECT_EQ(reason("1.5", "JPY"), "NUMBER_INVALID");
  EXPECT_EQ(reason("-5", "USD"), "AMOUNT_NEGATIVE");
}

TEST(ValidUtf8Prefix, StopsAtTheFirstBadByte) {
  EXPECT_EQ(ValidUtf8Prefix("caf\xC3\xA9"), 5u);
  EXPECT_EQ(ValidUtf8Prefix("caf\xE9 x"), 3u) << "Latin-1";
  EXPECT_EQ(ValidUtf8Prefix("a\xC3"), 1u) << "cut";
  EXPECT_EQ(ValidUtf8Prefix("\xC0\xAF"), 0u) << "overlong";
  EXPECT_EQ(ValidUtf8Prefix("\xED\xA0\x80"), 0u) << "surrogate";
  EXPECT_EQ(ValidUtf8Prefix("\xF4\x90\x80\x80"), 0u) << "past the last code point";
  EXPECT_EQ(ValidUtf8Prefix("\xF0\x9F\x98\x80"), 4u);
}

}  // namespace
}  // namespace dealog::jobs
