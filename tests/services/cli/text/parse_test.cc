// Method: each Parse function against what people type, its limits, and what it must refuse; a
// refusal must name what was expected and what was found.

#include "services/cli/text/parse.h"

#include <gtest/gtest.h>

namespace dealog::cli {
namespace {

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ParseDate, ReadsADay) {
  const auto date = ParseDate("2017-03-01");
  ASSERT_TRUE(date.ok()) << date.status();
  EXPECT_EQ(date->year(), 2017);
  EXPECT_EQ(date->month(), 3);
  EXPECT_EQ(date->day(), 1);
  EXPECT_TRUE(ParseDate("2016-02-29").ok());
}

TEST(ParseDate, RefusesDaysThatDoNotExist) {
  for (const char* text :
       {"2017-02-30", "2017-02-29", "2017-13-01", "2017-00-10", "2017-04-31", "0000-01-01"}) {
    const auto date = ParseDate(text);
    ASSERT_FALSE(date.ok()) << text;
    EXPECT_NE(Message(date.status()).find("expected a day of the calendar"), std::string::npos);
    EXPECT_NE(Message(date.status()).find(text), std::string::npos);
  }
}

TEST(ParseDate, RefusesOtherForms) {
  for (const char* text : {"", "2017-3-1", "01/03/2017", "20170301", "2017-03-01 ", "2017-03-0x"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
}

TEST(ParseTime, ReadsRfc3339WithItsZone) {
  const auto utc = ParseTime("2017-03-01T09:30:00Z");
  const auto paris = ParseTime("2017-03-01T10:30:00+01:00");
  ASSERT_TRUE(utc.ok()) << utc.status();
  ASSERT_TRUE(paris.ok()) << paris.status();
  EXPECT_EQ(utc->seconds(), 1'488'360'600);
  EXPECT_EQ(utc->seconds(), paris->seconds());
  const auto fraction = ParseTime("1969-12-31T23:59:59.25Z");
  ASSERT_TRUE(fraction.ok()) << fraction.status();
  EXPECT_EQ(fraction->seconds(), -1);
  EXPECT_EQ(fraction->nanos(), 250'000'000);
}

TEST(ParseTime, RefusesMissingZonesAndImpossibleDays) {
  for (const char* text : {"2017-03-01T09:30:00", "2017-02-30T09:30:00Z", "2017-03-01T25:00:00Z",
                           "infinite-future", "infinite-past", "now"}) {
    EXPECT_FALSE(ParseTime(text).ok()) << text;
  }
}

TEST(ParseInstant, IsADateOrATime) {
  const auto date = ParseInstant("2017-03-01");
  ASSERT_TRUE(date.ok()) << date.status();
  EXPECT_EQ(date->date().day(), 1);
  const auto time = ParseInstant("2017-03-01T00:00:00Z");
  ASSERT_TRUE(time.ok()) << time.status();
  EXPECT_EQ(time->time().seconds(), 1'488'326'400);
  EXPECT_FALSE(ParseInstant("123").ok());
  EXPECT_FALSE(ParseInstant("2017-02-30").ok());
  EXPECT_FALSE(ParseInstant("yesterday, sort of").ok());
  EXPECT_FALSE(ParseInstant("").ok());
}

TEST(ParseKnownAt, IsAPositionToo) {
  for (const char* text : {"@123", "123"}) {
    const auto instant = ParseKnownAt(text);
    ASSERT_TRUE(instant.ok()) << instant.status();
    EXPECT_EQ(instant->position(), 123);
  }
  EXPECT_TRUE(ParseKnownAt("2017-03-01")->has_date());
  EXPECT_TRUE(ParseKnownAt("2017-03-01T00:00:00Z")->has_time());
  for (const char* text : {"@", "@-1", "-1", "@2017-03-01", "9223372036854775808"}) {
    EXPECT_FALSE(ParseKnownAt(text).ok()) << text;
  }
}

TEST(ParseMoney, ReadsNumberAndCurrencyInEitherOrder) {
  for (const char* text :
       {"1234.50 EUR", "1234.50EUR", "EUR 1234.50", "1234.5 eur", "EUR1234.50"}) {
    const auto money = ParseMoney(text);
    ASSERT_TRUE(money.ok()) << text << ": " << money.status();
    EXPECT_EQ(money->currency_code(), "EUR");
    EXPECT_EQ(money->units(), 1234);
    EXPECT_EQ(money->nanos(), 500'000'000);
  }
  const auto negative = ParseMoney("-0.05 USD");
  ASSERT_TRUE(negative.ok());
  EXPECT_EQ(negative->units(), 0);
  EXPECT_EQ(negative->nanos(), -50'000'000);
  EXPECT_EQ(ParseMoney("9223372036854775807 JPY")->units(), INT64_MAX);
}

TEST(ParseMoney, RefusesWhatIsNoAmount) {
  for (const char* text : {"", "1234.50", "EUR", "1,234.50 EUR", "1.2.3 EUR", "1.0000000001 EUR",
                           "9223372036854775808 EUR", "12e3 EUR", "$12", ". EUR", "--5 EUR"}) {
    EXPECT_FALSE(ParseMoney(text).ok()) << text;
  }
}

TEST(ParseStage, ReadsLabelKindAndProbability) {
  const auto stage = ParseStage("Négociation:open:0.6");
  ASSERT_TRUE(stage.ok()) << stage.status();
  EXPECT_EQ(stage->label(), "Négociation");
  EXPECT_EQ(stage->kind(), v1::Stage::OPEN);
  EXPECT_DOUBLE_EQ(stage->probability(), 0.6);
  const auto won = ParseStage("Won:WON");
  ASSERT_TRUE(won.ok()) << won.status();
  EXPECT_FALSE(won->has_probability());
  EXPECT_EQ(ParseStage("Step 2: offer:open:0.5")->label(), "Step 2: offer");
}

TEST(ParseStage, RefusesWhatIsNoStage) {
  for (const char* text : {"", "Lead", "Lead:maybe", ":open", "Lead:open:1.5", "Lead:open:nan"}) {
    EXPECT_FALSE(ParseStage(text).ok()) << text;
  }
}

TEST(ParseSeconds, ReadsUnits) {
  EXPECT_EQ(*ParseSeconds("90s"), 90);
  EXPECT_EQ(*ParseSeconds("30m"), 1800);
  EXPECT_EQ(*ParseSeconds("12h"), 43'200);
  EXPECT_EQ(*ParseSeconds("14d"), 1'209'600);
  EXPECT_EQ(*ParseSeconds("2w"), 1'209'600);
  for (const char* text : {"", "14", "d", "-1d", "1.5d", "14x", "9223372036854775807w"}) {
    EXPECT_FALSE(ParseSeconds(text).ok()) << text;
  }
}

TEST(ParseAttribute, KeepsNumbersAsNumbers) {
  EXPECT_EQ(ParseAttribute("sector=retail")->text(), "retail");
  EXPECT_DOUBLE_EQ(ParseAttribute("revenue=1100.04")->number(), 1100.04);
  EXPECT_EQ(ParseAttribute("zip=\"01234\"")->text(), "01234");
  EXPECT_EQ(ParseAttribute("note=a=b")->text(), "a=b");
  EXPECT_EQ(ParseAttribute("empty=")->text(), "");
  EXPECT_EQ(ParseAttribute("odd=inf")->text(), "inf");
  EXPECT_FALSE(ParseAttribute("sector").ok());
  EXPECT_FALSE(ParseAttribute("=retail").ok());
}

}  // namespace
}  // namespace dealog::cli
