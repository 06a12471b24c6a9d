#include "services/telemetry/call_metrics.h"

#include <numeric>

namespace dealog::telemetry {

bool IsFailure(absl::StatusCode code) {
  return code == absl::StatusCode::kUnknown || code == absl::StatusCode::kInternal ||
         code == absl::StatusCode::kDataLoss || code == absl::StatusCode::kUnavailable ||
         code == absl::StatusCode::kUnimplemented;
}

void MethodCounters::Record(absl::StatusCode code, int64_t micros) {
  const auto index = static_cast<size_t>(code);
  const auto unknown = static_cast<size_t>(absl::StatusCode::kUnknown);
  by_code_[index < kStatusCodes ? index : unknown].fetch_add(1, std::memory_order_relaxed);
  micros_.Observe(micros);
}

MethodCounters::Totals MethodCounters::totals() const {
  Totals totals{.method = method_, .micros = micros_.Read()};
  for (size_t i = 0; i < kStatusCodes; ++i) {
    totals.by_code[i] = by_code_[i].load(std::memory_order_relaxed);
  }
  return totals;
}

uint64_t MethodCounters::Totals::calls() const {
  return std::accumulate(by_code.begin(), by_code.end(), uint64_t{0});
}

uint64_t MethodCounters::Totals::failures() const {
  uint64_t sum = 0;
  for (size_t i = 0; i < kStatusCodes; ++i) {
    if (IsFailure(static_cast<absl::StatusCode>(i))) sum += by_code[i];
  }
  return sum;
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
    for (size_t i = 0; i < kStatusCodes; ++i) sum.by_code[i] += one.by_code[i];
    sum.micros.Add(one.micros);
  }
  return sum;
}

}  // namespace dealog::telemetry
