// Method: real threads, tasks that stand before shut doors; who runs meanwhile, in which order, and
// who is turned away.

#include "services/rpc/fair_executor.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/executors.h"
#include "services/rpc/status_mapping.h"
#include "tests/support/hooked_log.h"

namespace dealog::rpc {
namespace {

using dealog::testing::Gate;

const eventstore::TenantId kLoud{"loud"};
const eventstore::TenantId kQuiet{"quiet"};

FairExecutorOptions Options(int threads, size_t queue_max = 100, size_t per_tenant_max = 100) {
  return {.name = "tests",
          .threads = threads,
          .queue_max = queue_max,
          .per_tenant_max = per_tenant_max};
}

// Counts the tasks that ran, for somebody to wait for.
class Tally {
 public:
  std::function<void()> Note(std::string what) {
    return [this, what = std::move(what)] {
      base::MutexLock lock(mu_);
      ran_.push_back(what);
      changed_.NotifyAll();
    };
  }
  std::vector<std::string> Await(size_t count) {
    base::MutexLock lock(mu_);
    while (ran_.size() < count) changed_.Wait(mu_);
    return ran_;
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  std::vector<std::string> ran_ ABSL_GUARDED_BY(mu_);
};

TEST(FairExecutor, RunsEverythingBeforeItStops) {
  std::atomic<int> ran{0};
  FairExecutor executor(Options(2, 1000, 1000));
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(executor.Submit(i % 3 == 0 ? kLoud : kQuiet, [&] { ++ran; }).ok());
  }
  executor.Stop();
  EXPECT_EQ(ran, 500);
  EXPECT_EQ(base::ReasonOf(executor.Submit(kQuiet, [&] { ++ran; })), "NOT_READY");
  EXPECT_EQ(ran, 500);
}

TEST(FairExecutor, OneTenantNeverHasAllThreads) {
  Gate gate;
  gate.Shut();
  Tally tally;
  FairExecutor executor(Options(3));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(executor.Submit(kLoud, [&] { gate.Pass(); }).ok());
  gate.AwaitVisitor();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(executor.Submit(kQuiet, tally.Note("quiet")).ok());
  EXPECT_EQ(tally.Await(5).size(), 5u) << "while the loud one's tasks stand before the door";
  gate.Open();
}

TEST(FairExecutor, TenantsTakeTurns) {
  Gate gate;
  gate.Shut();
  Tally tally;
  FairExecutor executor(Options(1));
  ASSERT_TRUE(executor.Submit(kLoud, [&] { gate.Pass(); }).ok());
  gate.AwaitVisitor();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(executor.Submit(kLoud, tally.Note("loud")).ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(executor.Submit(kQuiet, tally.Note("quiet")).ok());
  gate.Open();
  EXPECT_THAT(tally.Await(5), ::testing::ElementsAre("quiet", "loud", "quiet", "loud", "loud"));
}

TEST(FairExecutor, TurnsAwayWhoAsksForTooMuchAndNobodyElse) {
  Gate gate;
  gate.Shut();
  FairExecutor executor(Options(1, 6, 4));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(executor.Submit(kLoud, [&] { gate.Pass(); }).ok());
  gate.AwaitVisitor();
  const absl::Status refused = executor.Submit(kLoud, [] {});
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refused), "OVERLOADED");
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("at most 4 tests of a tenant"));
  google::rpc::RetryInfo retry;
  bool has_retry = false;
  const google::rpc::Status sent = ToRpcStatus(refused);
  for (const auto& detail : sent.details()) has_retry |= detail.UnpackTo(&retry);
  EXPECT_TRUE(has_retry);
  // Three wait; there is room for three more, whoever they are of.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(executor.Submit(kQuiet, [] {}).ok()) << i;
  EXPECT_THAT(std::string(executor.Submit({"third"}, [] {}).message()),
              ::testing::HasSubstr("at most 6 tests of all tenants"));
  gate.Open();
}

TEST(FairExecutor, ForgetsWhoHasNothingToDo) {
  FairExecutor executor(Options(1, 10, 1));
  for (int i = 0; i < 50; ++i) {
    Tally tally;
    absl::Status queued;
    // The one before may not have ended yet, as its thread counts.
    do {
      queued = executor.Submit(kQuiet, tally.Note("once"));
    } while (!queued.ok());
    tally.Await(1);
  }
}

TEST(Executors, ComputationsStepBack) {
  const int own = getpriority(PRIO_PROCESS, 0);
  std::atomic<int> reads{-100};
  std::atomic<int> computations{-100};
  Executors executors;
  ASSERT_TRUE(executors.reads.Submit(kQuiet, [&] { reads = getpriority(PRIO_PROCESS, 0); }).ok());
  ASSERT_TRUE(
      executors.computations.Submit(kQuiet, [&] { computations = getpriority(PRIO_PROCESS, 0); })
          .ok());
  executors.Stop();
  EXPECT_EQ(reads, own);
  EXPECT_EQ(computations, std::min(own + kComputationNice, 19));
}

}  // namespace
}  // namespace dealog::rpc
