#pragma once

// A clock that moves only when it is told to.

#include <atomic>
#include <cstdint>

#include "eventstore/base/clock.h"

namespace dealog::testing {

// Thread safety: yes.
class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(int64_t now_us = 1'750'000'000'000'000) : now_us_(now_us) {}
  int64_t NowMicros() const override { return now_us_; }
  void Advance(int64_t micros) { now_us_ += micros; }

 private:
  std::atomic<int64_t> now_us_;
};

}  // namespace dealog::testing
