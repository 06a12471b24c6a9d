#include "services/cli/sample/season.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace dealog::cli {
namespace {

// Share of new business by month, January first: busy in spring and after the summer.
constexpr double kMonthWeight[] = {1.05, 1.00, 1.15, 1.05, 0.95, 1.00,
                                   0.70, 0.35, 1.35, 1.30, 1.15, 0.60};
constexpr int kOfficeOpenHour = 8;
constexpr int kOfficeCloseHour = 18;

absl::CivilDay DayOf(int64_t time_us) {
  return absl::ToCivilDay(absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

bool IsWeekend(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday;
}

int64_t MidnightMicros(absl::CivilDay day) {
  return absl::ToUnixMicros(absl::FromCivil(day, absl::UTCTimeZone()));
}

int64_t OfficeHours(Random& random) {
  const double hour = random.Between(kOfficeOpenHour, kOfficeCloseHour);
  // Whole seconds read better in a history.
  return static_cast<int64_t>(hour * 3600) * kSecondMicros;
}

}  // namespace

Season::Season(int64_t until_us) : until_us_(until_us) {
  const absl::CivilDay first = DayOf(begin_us());
  double sum = 0;
  for (int i = 0; i < kSampleDays; ++i) {
    const absl::CivilDay day = first + i;
    if (!IsWeekend(day)) sum += kMonthWeight[day.month() - 1];
    cumulated_.push_back(sum);
  }
  for (double& share : cumulated_) share /= sum;
}

int64_t Season::OpeningAt(double share, Random& random) const {
  const auto found = std::upper_bound(cumulated_.begin(), cumulated_.end(), share);
  const auto day = std::min<int64_t>(found - cumulated_.begin(), kSampleDays - 1);
  return begin_us() + day * kDayMicros + OfficeHours(random);
}

int64_t Season::OfficeTime(int64_t time_us, Random& random) const {
  absl::CivilDay day = DayOf(time_us);
  while (IsWeekend(day)) ++day;
  const int64_t office = MidnightMicros(day) + OfficeHours(random);
  if (office >= time_us) return office;
  // Later that day than the hour that came up: keep it if the office is open, else the next day.
  if (time_us < MidnightMicros(day) + kOfficeCloseHour * kHourMicros) return time_us;
  do {
    ++day;
  } while (IsWeekend(day));
  return MidnightMicros(day) + OfficeHours(random);
}

}  // namespace dealog::cli
