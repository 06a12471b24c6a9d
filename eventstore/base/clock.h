#pragma once

// Time. Only clock.cc reads the system's clock; everything else is given a Clock.

#include <cstdint>

namespace dealog::base {

// Source of the current time. Thread safety: yes.
class Clock {
 public:
  virtual ~Clock() = default;
  // µs since 1970-01-01 UTC.
  virtual int64_t NowMicros() const = 0;
};

// The system's clock; lives for ever.
const Clock& SystemClock();

// µs of a clock that never goes back; for durations only.
int64_t MonotonicMicros();

}  // namespace dealog::base
