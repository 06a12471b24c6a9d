// Method: values at their bounds, there and back. What each request does with a bad one is in the
// specs of its aggregate.

#include "services/domain/values.h"

#include <gtest/gtest.h>

#include "tests/support/domain_spec.h"

namespace dealog::domain {
namespace {

v1::Money Money(const char* currency, int64_t units, int32_t nanos) {
  v1::Money money;
  money.set_currency_code(currency);
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

TEST(Money, GoesThereAndBack) {
  for (const auto& [money, minor] : std::initializer_list<std::pair<v1::Money, int64_t>>{
           {Money("EUR", 0, 0), 0},
           {Money("EUR", 12, 340'000'000), 1234},
           {Money("JPY", 7, 0), 7},
           {Money("KWD", 1, 5'000'000), 1005},
           {Money("EUR", 92'233'720'368'547'758, 70'000'000), INT64_MAX}}) {
    const auto stored = ToEventMoney("amount", money);
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_EQ(stored->amount_minor(), minor);
    EXPECT_EQ(ToApiMoney(*stored).SerializeAsString(), money.SerializeAsString());
  }
}

TEST(Money, RefusesOneMinorUnitTooMany) {
  EXPECT_FALSE(ToEventMoney("amount", Money("EUR", 92'233'720'368'547'758, 80'000'000)).ok());
  EXPECT_FALSE(ToEventMoney("amount", Money("EUR", 1, 1'000'000'000)).ok());
  EXPECT_FALSE(ToEventMoney("amount", Money("EUR", INT64_MIN, 0)).ok());
  EXPECT_FALSE(ToEventMoney("amount", Money("KWD", 1, 500'000)).ok());
}

TEST(Date, KnowsTheCalendar) {
  const auto ok = [](const char* text) {
    return CheckDate("d", FromText<events::v1::Date>(text)).ok();
  };
  EXPECT_TRUE(ok("year: 2024 month: 2 day: 29"));
  EXPECT_TRUE(ok("year: 2000 month: 2 day: 29"));
  EXPECT_FALSE(ok("year: 1900 month: 2 day: 29"));
  EXPECT_FALSE(ok("year: 2017 month: 2 day: 30"));
  EXPECT_TRUE(ok("year: 1 month: 1 day: 1"));
  EXPECT_TRUE(ok("year: 9999 month: 12 day: 31"));
  EXPECT_FALSE(ok("year: 2024 month: 4 day: 31"));
  EXPECT_FALSE(ok("year: 2024 month: -1 day: 1"));
  EXPECT_FALSE(ok(""));
}

TEST(Timestamp, GoesThereAndBackAlsoBefore1970) {
  for (int64_t micros : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{-1'000'000},
                         int64_t{-62'135'596'800'000'000}, int64_t{253'402'300'799'999'999}}) {
    const auto timestamp = ToTimestamp(micros);
    EXPECT_GE(timestamp.nanos(), 0);
    EXPECT_EQ(*ToMicros("t", timestamp), micros);
  }
  google::protobuf::Timestamp bad;
  bad.set_seconds(-62'135'596'801);
  EXPECT_FALSE(ToMicros("t", bad).ok());
  bad.set_seconds(0);
  bad.set_nanos(1'000'000'000);
  EXPECT_FALSE(ToMicros("t", bad).ok());
  EXPECT_EQ(TimeText(1), "1970-01-01T00:00:00.000001+00:00");
}

}  // namespace
}  // namespace dealog::domain
