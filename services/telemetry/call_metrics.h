#pragma once

// How many calls each method had, how they ended and how long they took.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace dealog::telemetry {

// Counters of one method. Thread safety: yes. Each field is exact; together they are a moment's
// blur.
class MethodCounters {
 public:
  explicit MethodCounters(std::string method) : method_(std::move(method)) {}
  // Counts an ended call. Refusals are the caller's errors, failures ours.
  void Record(absl::StatusCode code, int64_t micros);

  struct Totals {
    std::string method;
    uint64_t calls = 0;
    uint64_t refusals = 0;
    uint64_t failures = 0;
    uint64_t micros = 0;
  };
  Totals totals() const;

 private:
  const std::string method_;
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint64_t> refusals_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> micros_{0};
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
  MethodCounters::Totals Sum() const;

 private:
  std::deque<MethodCounters> counters_;
};

}  // namespace dealog::telemetry
