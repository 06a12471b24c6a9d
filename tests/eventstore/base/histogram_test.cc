// Method: values at, between and beyond the bounds; several threads at once; sums of readings.

#include "eventstore/base/histogram.h"

#include <gmock/gmock.h>

#include <array>
#include <vector>

#include "eventstore/base/worker.h"

namespace dealog::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::array<int64_t, 3> kBounds = {1, 10, 100};

TEST(Histogram, CountsAValueAtItsBoundBelowIt) {
  Histogram histogram(kBounds);
  for (const int64_t value : {0, 1, 2, 10, 11, 100, 101, 5000}) histogram.Observe(value);
  const HistogramReading reading = histogram.Read();
  EXPECT_THAT(reading.bounds, ElementsAre(1, 10, 100));
  EXPECT_THAT(reading.counts, ElementsAre(2, 2, 2, 2));
  EXPECT_EQ(reading.sum, 5225u);
  EXPECT_EQ(reading.count(), 8u);
}

TEST(Histogram, TakesANegativeValueForZero) {
  Histogram histogram(kBounds);
  histogram.Observe(-7);
  EXPECT_THAT(histogram.Read().counts, ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(histogram.Read().sum, 0u);
}

TEST(Histogram, LosesNothingBetweenThreads) {
  Histogram histogram(kLatencyBoundsMicros);
  {
    std::vector<Worker> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back("observe", [&histogram] {
        for (int64_t n = 0; n < 10'000; ++n) histogram.Observe(n % 300);
      });
    }
  }
  EXPECT_EQ(histogram.Read().count(), 40'000u);
}

TEST(HistogramReading, AddsUp) {
  Histogram one(kBounds);
  Histogram two(kBounds);
  one.Observe(1);
  two.Observe(50);
  HistogramReading sum;
  sum.Add(one.Read());
  sum.Add(two.Read());
  sum.Add({});
  EXPECT_THAT(sum.counts, ElementsAre(1, 0, 1, 0));
  EXPECT_EQ(sum.sum, 51u);
  EXPECT_THAT(HistogramReading().counts, IsEmpty());
}

TEST(HistogramDeathTest, RefusesToAddOtherBounds) {
  HistogramReading sum = Histogram(kBounds).Read();
  EXPECT_DEATH(sum.Add(Histogram(kCountBounds).Read()), "different bounds");
}

}  // namespace
}  // namespace dealog::base
