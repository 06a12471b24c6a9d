#pragma once

// Months, quarters and ISO weeks of a time zone, fast for millions of instants: boundaries are
// computed once, then found through an index by day.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace dealog::projections {

enum class CalendarUnit { kMonth, kQuarter, kWeek };

// Label of the unit that a day lies in: "2017-03", "2017-Q1", "2017-W09".
std::string CalendarLabel(CalendarUnit unit, int32_t day);

// Thread safety: none.
class Calendar {
 public:
  Calendar(CalendarUnit unit, absl::TimeZone zone) : unit_(unit), zone_(zone) {}
  // Makes instants of [first, last] fast; others extend it, slowly.
  void Cover(int64_t first_us, int64_t last_us);
  // A number of the unit that the instant lies in; changes when the calendar is extended.
  size_t UnitOf(int64_t instant_us);
  int32_t FirstDayOf(size_t unit) const { return first_days_[unit]; }
  std::string LabelOf(size_t unit) const { return CalendarLabel(unit_, first_days_[unit]); }
  // Rises whenever numbers change.
  uint32_t generation() const { return generation_; }

 private:
  CalendarUnit unit_;
  absl::TimeZone zone_;
  uint32_t generation_ = 0;
  std::vector<int32_t> first_days_;  // Of each unit.
  std::vector<int64_t> begins_us_;   // Of each unit, and the end of the last.
  std::vector<uint32_t> by_day_;     // The unit of the first instant of each 24 hours since begin.
};

}  // namespace dealog::projections
