#include "services/telemetry/call_metrics.h"

namespace dealog::telemetry {

bool IsFailure(absl::StatusCode code) {
  return code == absl::StatusCode::kUnknown || code == absl::StatusCode::kInternal ||
         code == absl::StatusCode::kDataLoss || code == absl::StatusCode::kUnavailable ||
         code == absl::StatusCode::kUnimplemented;
}

void MethodCounters::Record(absl::StatusCode code, int64_t micros) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  micros_.fetch_add(static_cast<uint64_t>(micros < 0 ? 0 : micros), std::memory_order_relaxed);
  if (code == absl::StatusCode::kOk) return;
  (IsFailure(code) ? failures_ : refusals_).fetch_add(1, std::memory_order_relaxed);
}

MethodCounters::Totals MethodCounters::totals() const {
  return {.method = method_,
          .calls = calls_.load(std::memory_order_relaxed),
          .refusals = refusals_.load(std::memory_order_relaxed),
          .failures = failures_.load(std::memory_order_relaxed),
          .micros = micros_.load(std::memory_order_relaxed)};
}

std::vector<MethodCounters::Totals> CallMetrics::All() const {
  std::vector<MethodCounters::Totals> all;
  all.reserve(counters_.size());
  for (const MethodCounters& counters : counters_) all.push_back(counters.totals());
  return all;
}

MethodCounters::Totals CallMetrics::Sum() const {
  MethodCounters::Totals sum;
  for (const MethodCounters& counters : counters_) {
    const MethodCounters::Totals one = counters.totals();
    sum.calls += one.calls;
    sum.refusals += one.refusals;
    sum.failures += one.failures;
    sum.micros += one.micros;
  }
  return sum;
}

}  // namespace dealog::telemetry
