// Method: ends of calls, by code; the sums from several threads at once.

#include "services/telemetry/call_metrics.h"

#include <gmock/gmock.h>

#include <vector>

#include "eventstore/base/worker.h"

namespace dealog::telemetry {
namespace {

TEST(MethodCounters, TellsTheCallersErrorsFromOurs) {
  CallMetrics metrics;
  MethodCounters& counters = metrics.Add("/a/B");
  counters.Record(absl::StatusCode::kOk, 10);
  counters.Record(absl::StatusCode::kInvalidArgument, 20);
  counters.Record(absl::StatusCode::kDataLoss, 30);
  counters.Record(absl::StatusCode::kOk, -5);  // A clock that went back adds nothing.
  const MethodCounters::Totals totals = metrics.All().at(0);
  EXPECT_EQ(totals.method, "/a/B");
  EXPECT_EQ(totals.calls(), 4u);
  EXPECT_EQ(totals.refusals(), 1u);
  EXPECT_EQ(totals.failures(), 1u);
  EXPECT_EQ(totals.by_code[static_cast<size_t>(absl::StatusCode::kOk)], 2u);
  EXPECT_EQ(totals.by_code[static_cast<size_t>(absl::StatusCode::kDataLoss)], 1u);
  EXPECT_EQ(totals.micros.sum, 60u);
  EXPECT_EQ(totals.micros.count(), 4u);
}

TEST(MethodCounters, CountsACodeThatNobodyKnowsAsUnknown) {
  CallMetrics metrics;
  metrics.Add("/a/B").Record(static_cast<absl::StatusCode>(99), 10);
  EXPECT_EQ(metrics.All().at(0).by_code[static_cast<size_t>(absl::StatusCode::kUnknown)], 1u);
}

TEST(CallMetrics, SumsOverMethodsAndThreads) {
  CallMetrics metrics;
  MethodCounters& first = metrics.Add("/a/B");
  MethodCounters& second = metrics.Add("/a/C");
  {
    std::vector<base::Worker> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back("count", [&] {
        for (int n = 0; n < 1000; ++n) {
          first.Record(absl::StatusCode::kOk, 1);
          second.Record(absl::StatusCode::kNotFound, 1);
        }
      });
    }
  }
  EXPECT_EQ(metrics.Sum().calls(), 8000u);
  EXPECT_EQ(metrics.Sum().refusals(), 4000u);
  EXPECT_EQ(metrics.Sum().micros.sum, 8000u);
}

}  // namespace
}  // namespace dealog::telemetry
