#include "projections/views/kpi_calendar.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

constexpr int64_t kDayMicros = 86'400'000'000;
// How far a calendar reaches beyond an instant that extends it: the next ones are often near.
constexpr int64_t kSlackMicros = 400 * kDayMicros;

const absl::CivilDay kEpoch(1970, 1, 1);

int32_t Number(absl::CivilDay day) { return static_cast<int32_t>(day - kEpoch); }

absl::CivilDay MondayOf(absl::CivilDay day) {
  return absl::PrevWeekday(day + 1, absl::Weekday::monday);
}

absl::CivilDay FirstDay(CalendarUnit unit, absl::CivilDay day) {
  switch (unit) {
    case CalendarUnit::kMonth:
      return absl::CivilDay(day.year(), day.month(), 1);
    case CalendarUnit::kQuarter:
      return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
    case CalendarUnit::kWeek:
      return MondayOf(day);
  }
  return day;
}

absl::CivilDay NextFirstDay(CalendarUnit unit, absl::CivilDay first) {
  switch (unit) {
    case CalendarUnit::kMonth:
      return absl::CivilDay(first.year(), first.month() + 1, 1);  // Normalised past December.
    case CalendarUnit::kQuarter:
      return absl::CivilDay(first.year(), first.month() + 3, 1);
    case CalendarUnit::kWeek:
      return first + 7;
  }
  return first + 1;
}

}  // namespace

std::string CalendarLabel(CalendarUnit unit, int32_t day) {
  const absl::CivilDay civil = kEpoch + day;
  switch (unit) {
    case CalendarUnit::kMonth:
      return absl::StrFormat("%04d-%02d", civil.year(), civil.month());
    case CalendarUnit::kQuarter:
      return absl::StrFormat("%04d-Q%d", civil.year(), (civil.month() - 1) / 3 + 1);
    case CalendarUnit::kWeek: {
      // ISO 8601: a week belongs to the year of its Thursday.
      const absl::CivilDay thursday = MondayOf(civil) + 3;
      return absl::StrFormat("%04d-W%02d", thursday.year(), (absl::GetYearDay(thursday) + 6) / 7);
    }
  }
  return {};
}

void Calendar::Cover(int64_t first_us, int64_t last_us) {
  if (!begins_us_.empty()) {
    first_us = std::min(first_us, begins_us_.front());
    last_us = std::max(last_us, begins_us_.back());
  }
  ++generation_;
  first_days_.clear();
  begins_us_.clear();
  by_day_.clear();
  absl::CivilDay first = FirstDay(unit_, kEpoch + DayAt(first_us, zone_));
  while (begins_us_.empty() || begins_us_.back() <= last_us) {
    first_days_.push_back(Number(first));
    begins_us_.push_back(StartOfDay(Number(first), zone_));
    first = NextFirstDay(unit_, first);
  }
  first_days_.push_back(Number(first));
  begins_us_.push_back(StartOfDay(Number(first), zone_));
  uint32_t unit = 0;
  for (int64_t at = begins_us_.front(); at < begins_us_.back(); at += kDayMicros) {
    while (at >= begins_us_[unit + 1]) ++unit;
    by_day_.push_back(unit);
  }
}

size_t Calendar::UnitOf(int64_t instant_us) {
  if (begins_us_.empty() || instant_us < begins_us_.front() || instant_us >= begins_us_.back()) {
    Cover(instant_us - kSlackMicros, instant_us + kSlackMicros);
  }
  size_t unit = by_day_[static_cast<size_t>((instant_us - begins_us_.front()) / kDayMicros)];
  while (instant_us >= begins_us_[unit + 1]) ++unit;
  return unit;
}

}  // namespace dealog::projections
