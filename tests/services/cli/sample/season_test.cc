// Method: openings over a whole year for even shares: rising, on working days, in office hours,
// few in August; the generator's first values, which must never change.

#include "services/cli/sample/season.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace dealog::cli {
namespace {

constexpr int64_t kUntilMicros = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z.

absl::CivilSecond Civil(int64_t time_us) {
  return absl::ToCivilSecond(absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

bool IsWeekend(int64_t time_us) {
  const absl::Weekday day = absl::GetWeekday(absl::CivilDay(Civil(time_us)));
  return day == absl::Weekday::saturday || day == absl::Weekday::sunday;
}

TEST(Season, OpensOnWorkingDaysInOfficeHoursAndLessInAugust) {
  const Season season(kUntilMicros);
  Random random("season");
  std::map<int, int> by_month;
  int64_t last_day = 0;
  for (int i = 0; i < 20'000; ++i) {
    const int64_t time_us = season.OpeningAt(i / 20'000.0, random);
    EXPECT_GE(time_us, season.begin_us());
    EXPECT_LT(time_us, season.until_us());
    EXPECT_FALSE(IsWeekend(time_us));
    EXPECT_GE(Civil(time_us).hour(), 8);
    EXPECT_LT(Civil(time_us).hour(), 18);
    EXPECT_GE(time_us / kDayMicros, last_day);
    last_day = time_us / kDayMicros;
    ++by_month[Civil(time_us).month()];
  }
  EXPECT_EQ(by_month.size(), 12u);
  EXPECT_LT(by_month[8] * 2, by_month[9]);
}

TEST(Season, OfficeTimeNeverGoesBack) {
  const Season season(kUntilMicros);
  Random random("office");
  for (int hour = 0; hour < 24 * 14; ++hour) {
    const int64_t time_us = season.begin_us() + hour * kHourMicros;
    const int64_t office_us = season.OfficeTime(time_us, random);
    EXPECT_GE(office_us, time_us);
    EXPECT_FALSE(IsWeekend(office_us));
    EXPECT_LT(office_us, time_us + 4 * kDayMicros);
  }
}

TEST(Random, IsTheSameEverywhere) {
  Random a("key");
  Random b("key");
  Random c("other");
  const uint64_t first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
}

TEST(Random, StaysInItsBounds) {
  Random random("bounds");
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = random.Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    ASSERT_LT(random.Index(7), 7u);
    ASSERT_GT(random.LogNormal(10, 0.7), 0);
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

}  // namespace
}  // namespace dealog::cli
