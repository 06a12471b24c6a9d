#pragma once

// When things happen: the year before an instant, with busy and quiet months, weekdays and office
// hours.

#include <cstdint>
#include <vector>

#include "services/cli/sample/random.h"

namespace dealog::cli {

inline constexpr int64_t kSecondMicros = 1'000'000;
inline constexpr int64_t kMinuteMicros = 60 * kSecondMicros;
inline constexpr int64_t kHourMicros = 60 * kMinuteMicros;
inline constexpr int64_t kDayMicros = 24 * kHourMicros;

// Days that the sample covers.
inline constexpr int kSampleDays = 365;

// Thread safety: const after construction.
class Season {
 public:
  // The kSampleDays days before `until_us`, which is 00:00 UTC of a day.
  explicit Season(int64_t until_us);

  int64_t begin_us() const { return until_us_ - kSampleDays * kDayMicros; }
  int64_t until_us() const { return until_us_; }
  // The day at a share of the year's business, 0 <= share < 1: rising with `share`, dense where
  // the season is busy; the time of day comes from `random`. Weekends stay empty.
  int64_t OpeningAt(double share, Random& random) const;
  // `time_us` moved to office hours of the same or, from a weekend, of the next working day; never
  // back.
  int64_t OfficeTime(int64_t time_us, Random& random) const;

 private:
  const int64_t until_us_;
  // Share of the year's business up to the end of each day; the last is 1.
  std::vector<double> cumulated_;
};

}  // namespace dealog::cli
