#include "eventstore/rocksdb/verify_pace.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

constexpr int64_t kTellEveryMicros = 200'000;
// The clock is asked after so many bytes or steps.
constexpr uint64_t kBytesPerLook = 64 << 10;
constexpr uint64_t kStepsPerLook = 256;

}  // namespace

VerifyPace::VerifyPace(const LogVerifyOptions& options, LogVerifyReport& report)
    : options_(options), report_(report), begin_us_(base::MonotonicMicros()) {}

absl::Status VerifyPace::Step(uint64_t bytes) {
  ++report_.steps;
  report_.steps_total = std::max(report_.steps_total, report_.steps);
  report_.bytes += bytes;
  bytes_unpaced_ += bytes;
  if (bytes_unpaced_ < kBytesPerLook && report_.steps % kStepsPerLook != 0) {
    return absl::OkStatus();
  }
  bytes_unpaced_ = 0;
  for (;;) {
    const int64_t now = base::MonotonicMicros();
    if (now >= next_tell_us_) RETURN_IF_ERROR(Tell());
    if (options_.bytes_per_second == 0) return absl::OkStatus();
    const double due_us =
        1e6 * static_cast<double>(report_.bytes) / static_cast<double>(options_.bytes_per_second);
    const int64_t ahead_us = begin_us_ + static_cast<int64_t>(due_us) - now;
    if (ahead_us <= 0) return absl::OkStatus();
    // In short naps, so that it can be stopped.
    absl::SleepFor(absl::Microseconds(std::min(ahead_us, kTellEveryMicros)));
  }
}

absl::Status VerifyPace::Tell() {
  next_tell_us_ = base::MonotonicMicros() + kTellEveryMicros;
  return options_.progress ? options_.progress(report_) : absl::OkStatus();
}

}  // namespace dealog::eventstore
