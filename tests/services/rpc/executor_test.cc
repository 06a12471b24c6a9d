// Method: real threads; what is queued runs, in time, and Stop loses nothing of it.

#include "services/rpc/executor.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <string>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"

namespace dealog::rpc {
namespace {

TEST(Executor, RunsEverythingBeforeItStops) {
  std::atomic<int> ran{0};
  Executor executor(2);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(executor.Continue([&] { ++ran; }));
  executor.Stop();
  EXPECT_EQ(ran, 500);
  EXPECT_FALSE(executor.Continue([&] { ++ran; }));
  EXPECT_FALSE(executor.ContinueAfter(absl::ZeroDuration(), [&] { ++ran; }));
  EXPECT_EQ(ran, 500);
}

TEST(Executor, RunsWhatIsForLaterInItsTime) {
  Executor executor(1);
  base::Mutex mu;
  base::CondVar changed;
  std::string order;
  const auto note = [&](char what) {
    return [&, what] {
      base::MutexLock lock(mu);
      order += what;
      changed.NotifyAll();
    };
  };
  const int64_t begun_us = base::MonotonicMicros();
  ASSERT_TRUE(executor.ContinueAfter(absl::Milliseconds(20), note('c')));
  ASSERT_TRUE(executor.ContinueAfter(absl::Milliseconds(10), note('b')));
  ASSERT_TRUE(executor.Continue(note('a')));
  base::MutexLock lock(mu);
  while (order.size() < 3) changed.Wait(mu);
  EXPECT_EQ(order, "abc");
  EXPECT_GE(base::MonotonicMicros() - begun_us, 20'000) << "not before its time";
}

TEST(Executor, DropsWhatIsForLaterWhenItStops) {
  const auto held = std::make_shared<int>(0);
  std::atomic<int> ran{0};
  Executor executor(1);
  ASSERT_TRUE(executor.ContinueAfter(absl::Hours(1), [&ran, held] { ++ran; }));
  executor.Stop();
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace dealog::rpc
