#pragma once

// How many calls each method had, how they ended and how long they took.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/histogram.h"

namespace dealog::telemetry {

// gRPC's codes are 0 to 16; absl's have the same numbers.
inline constexpr size_t kStatusCodes = 17;

// Counters of one method. Thread safety: yes, without locks. Each field is exact; together they are
// a moment's blur.
class MethodCounters {
 public:
  explicit MethodCounters(std::string method) : method_(std::move(method)) {}
  // Counts an ended call.
  void Record(absl::StatusCode code, int64_t micros);

  struct Totals {
    std::string method;
    std::array<uint64_t, kStatusCodes> by_code{};
    base::HistogramReading micros;

    uint64_t calls() const;
    // Refusals are the caller's errors, failures ours: see IsFailure.
    uint64_t refusals() const { return calls() - by_code[0] - failures(); }
    uint64_t failures() const;
  };
  Totals totals() const;

 private:
  const std::string method_;
  std::array<std::atomic<uint64_t>, kStatusCodes> by_code_{};
  base::Histogram micros_{base::kLatencyBoundsMicros};
};

// True for codes that are the server's doing: UNKNOWN, INTERNAL, DATA_LOSS and the like.
bool IsFailure(absl::StatusCode code);

// The counters of every method. Thread safety: Add while the server is put together, by one thread;
// the rest from any.
class CallMetrics {
 public:
  // The returned counters live as long as this.
  MethodCounters& Add(std::string method) { return counters_.emplace_back(std::move(method)); }
  std::vector<MethodCounters::Totals> All() const;
  // Over all methods; without a name.
  MethodCounters::Totals Sum() const;

 private:
  std::deque<MethodCounters> counters_;
};

}  // namespace dealog::telemetry
