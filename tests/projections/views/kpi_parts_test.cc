// Method: the parts that KPIs are made of, each against the obvious way to do the same: percentiles
// against sorting, the calendar against civil time, weights against decimal fractions, rows and
// timelines against what was put in.

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/horizon.h"
#include "projections/views/instants.h"
#include "projections/views/kpi_calendar.h"
#include "projections/views/kpi_durations.h"
#include "projections/views/money.h"
#include "projections/views/row_codec.h"
#include "projections/views/slot_pool.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

TEST(Durations, PercentilesAreNearestRankForEverySize) {
  std::mt19937_64 random(5);
  for (const size_t count : {1, 2, 3, 4, 10, 99, 100, 101, 1023, 1024, 1025, 5000, 20'000}) {
    for (const int spread : {0, 6, 20, 45}) {  // Bits: all equal, few distinct, many, years.
      Durations first;
      Durations second;
      std::vector<int64_t> all;
      for (size_t i = 0; i < count; ++i) {
        const auto value = static_cast<int64_t>(random() & ((1ULL << spread) - 1));
        (random() % 3 == 0 ? first : second).Add(value);
        all.push_back(value);
      }
      std::sort(all.begin(), all.end());
      const Durations* parts[] = {&first, &second};
      v1::KpiResult result;
      WriteDurations(parts, result);
      const auto at = [&all](size_t p) {
        return static_cast<double>(all[(p * all.size() + 99) / 100 - 1]) / 1e6;
      };
      EXPECT_EQ(result.sample_size(), static_cast<int64_t>(count));
      EXPECT_EQ(result.p50_seconds(), at(50)) << count << " of " << spread << " bits";
      EXPECT_EQ(result.p75_seconds(), at(75)) << count << " of " << spread << " bits";
      EXPECT_EQ(result.p90_seconds(), at(90)) << count << " of " << spread << " bits";
      EXPECT_EQ(result.max_seconds(), static_cast<double>(all.back()) / 1e6);
      double sum = 0;
      for (const int64_t value : all) sum += static_cast<double>(value);
      EXPECT_NEAR(result.mean_seconds(), sum / 1e6 / static_cast<double>(count),
                  1e-9 * (1 + result.mean_seconds()));
    }
  }
}

TEST(Durations, NoneGivesNoStatistics) {
  v1::KpiResult result;
  WriteDurations({}, result);
  EXPECT_TRUE(result.has_sample_size());
  EXPECT_FALSE(result.has_value());
  EXPECT_FALSE(result.has_max_seconds());
}

TEST(Durations, TheLongestPossibleFits) {
  Durations durations;
  for (int i = 0; i < 2000; ++i) durations.Add(std::numeric_limits<int64_t>::max() - i);
  const Durations* part = &durations;
  v1::KpiResult result;
  WriteDurations({&part, 1}, result);
  EXPECT_GT(result.mean_seconds(), 9.2e12);
}

TEST(Calendar, AgreesWithCivilTimeAcrossClockChanges) {
  absl::TimeZone zone;
  // Midnight itself was skipped there.
  ASSERT_TRUE(absl::LoadTimeZone("America/Sao_Paulo", &zone));
  const int64_t first = absl::ToUnixMicros(absl::FromCivil(absl::CivilDay(2015, 11, 3), zone));
  const int64_t last = absl::ToUnixMicros(absl::FromCivil(absl::CivilDay(2018, 2, 3), zone));
  std::mt19937_64 random(3);
  for (const CalendarUnit unit :
       {CalendarUnit::kMonth, CalendarUnit::kQuarter, CalendarUnit::kWeek}) {
    Calendar covered(unit, zone);
    covered.Cover(first, last);
    Calendar extended(unit, zone);  // Finds out by itself.
    for (int i = 0; i < 3000; ++i) {
      const int64_t at =
          first + static_cast<int64_t>(random() % static_cast<uint64_t>(last - first));
      const std::string expected = CalendarLabel(unit, DayAt(at, zone));
      EXPECT_EQ(covered.LabelOf(covered.UnitOf(at)), expected);
      EXPECT_EQ(extended.LabelOf(extended.UnitOf(at)), expected);
    }
    for (const int64_t boundary : {first, last}) {
      EXPECT_EQ(covered.LabelOf(covered.UnitOf(boundary)),
                CalendarLabel(unit, DayAt(boundary, zone)));
    }
  }
}

TEST(Calendar, IsoWeeksBelongToTheYearOfTheirThursday) {
  const auto week = [](int year, int month, int day) {
    return CalendarLabel(
        CalendarUnit::kWeek,
        static_cast<int32_t>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1)));
  };
  EXPECT_EQ(week(2016, 1, 3), "2015-W53");
  EXPECT_EQ(week(2016, 1, 4), "2016-W01");
  EXPECT_EQ(week(2017, 1, 1), "2016-W52");
  EXPECT_EQ(week(2017, 3, 1), "2017-W09");
  EXPECT_EQ(week(2018, 12, 31), "2019-W01");
}

TEST(Money, WeightsAreDecimalAndRoundHalfAwayFromZero) {
  EXPECT_EQ(Weighted(10, ProbabilityNanos(0.35)), 4);  // 3.5
  EXPECT_EQ(Weighted(10, ProbabilityNanos(0.34)), 3);
  EXPECT_EQ(Weighted(1, ProbabilityNanos(0.5)), 1);
  EXPECT_EQ(Weighted(123'456, ProbabilityNanos(1)), 123'456);
  EXPECT_EQ(Weighted(123'456, ProbabilityNanos(0)), 0);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Weighted(kMost, ProbabilityNanos(1)), kMost);
  EXPECT_EQ(Weighted(kMost - 1, ProbabilityNanos(0.5)), kMost / 2);
  for (int64_t amount = 0; amount < 5000; amount += 7) {
    for (int percent = 0; percent <= 100; ++percent) {
      ASSERT_EQ(Weighted(amount, ProbabilityNanos(percent / 100.0)), (amount * percent + 50) / 100);
    }
  }
}

TEST(Money, CurrenciesPackAndDivisionRounds) {
  EXPECT_EQ(UnpackCurrency(PackCurrency("EUR")), "EUR");
  EXPECT_EQ(UnpackCurrency(0), "");
  EXPECT_LT(PackCurrency("EUR"), PackCurrency("USD"));
  EXPECT_EQ(DivideRounded(5, 2), 3);
  EXPECT_EQ(DivideRounded(-5, 2), -3);
  EXPECT_EQ(DivideRounded(4, 3), 1);
  EXPECT_EQ(ToMoney(-1999, "EUR").nanos(), -990'000'000);
  EXPECT_EQ(ToMoney(1999, "JPY").units(), 1999);
}

TEST(RowCodec, GivesBackWhatWasPut) {
  std::string row;
  RowWriter writer(row);
  const std::vector<int64_t> numbers = {0,
                                        -1,
                                        1,
                                        63,
                                        -64,
                                        64,
                                        1'483'228'800'000'000,
                                        std::numeric_limits<int64_t>::max(),
                                        std::numeric_limits<int64_t>::min()};
  for (const int64_t number : numbers) writer.Signed(number);
  writer.Unsigned(std::numeric_limits<uint64_t>::max());
  writer.Text("tape");
  writer.Text("");
  RowReader reader(row);
  for (const int64_t number : numbers) EXPECT_EQ(reader.Signed(), number);
  EXPECT_EQ(reader.Unsigned(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(reader.Text(), "tape");
  EXPECT_EQ(reader.Text(), "");
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.Byte(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(RowCodec, EveryCutIsNoticed) {
  std::string row;
  RowWriter(row).Text("a text");
  for (size_t size = 0; size < row.size(); ++size) {
    RowReader reader(std::string_view(row).substr(0, size));
    EXPECT_EQ(reader.Text(), "");
    EXPECT_FALSE(reader.ok()) << size;
  }
}

TEST(SlotPool, KeepsEachDealsRowsTogether) {
  std::mt19937_64 random(9);
  SlotPool<Change> pool;
  constexpr DealIndex kDeals = 50;
  pool.Resize(kDeals);
  std::vector<std::vector<Change>> expected(kDeals);
  for (int step = 0; step < 5000; ++step) {
    const auto deal = static_cast<DealIndex>(random() % kDeals);
    std::vector<Change> rows(random() % 9);
    for (Change& row : rows) row.value = static_cast<int64_t>(random());
    pool.Assign(deal, rows);
    expected[deal] = rows;
  }
  for (DealIndex deal = 0; deal < kDeals; ++deal) {
    const std::span<const Change> rows = pool.Of(deal);
    ASSERT_EQ(rows.size(), expected[deal].size());
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].value, expected[deal][i].value);
    }
  }
  EXPECT_LT(pool.capacity(), 50u * 10u * 2u);  // Freed rows are used again.
}

TEST(Texts, ListsAndQuotesStayShort) {
  EXPECT_EQ(ListOfNames({}), "none");
  EXPECT_EQ(ListOfNames({"b", "a"}), "a, b");
  EXPECT_THAT(ListOfNames(std::vector<std::string>(30, "x")), ::testing::HasSubstr("10 more"));
  EXPECT_EQ(Quoted("a\n"), "\"a\\n\"");
  EXPECT_LT(Quoted(std::string(5000, 'x')).size(), 200u);
}

TEST(Instants, DaysAndTimestamps) {
  google::protobuf::Timestamp timestamp;
  SetTimestamp(-1, timestamp);
  EXPECT_EQ(timestamp.seconds(), -1);
  EXPECT_EQ(timestamp.nanos(), 999'999'000);
  EXPECT_EQ(TimestampMicros(timestamp), -1);
  timestamp.set_nanos(-1);
  EXPECT_EQ(TimestampMicros(timestamp), std::nullopt);
  events::v1::Date date;
  date.set_year(2016);
  date.set_month(2);
  date.set_day(29);
  EXPECT_EQ(DateOfDay(*DayOfDate(date)).day(), 29);
  date.set_year(2017);
  EXPECT_EQ(DayOfDate(date), std::nullopt);
}

}  // namespace
}  // namespace dealog::projections
