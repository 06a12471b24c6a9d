// Method: real threads; what is queued runs, past the limit it is refused, and Stop loses nothing.

#include "services/rpc/executor.h"

#include <gmock/gmock.h>

#include <atomic>

#include "eventstore/base/mutex.h"

namespace dealog::rpc {
namespace {

// Holds tasks until it is opened.
class Gate {
 public:
  void Open() {
    base::MutexLock lock(mu_);
    open_ = true;
    changed_.NotifyAll();
  }
  void Pass() {
    base::MutexLock lock(mu_);
    while (!open_) changed_.Wait(mu_);
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
};

TEST(Executor, RunsEverythingBeforeItStops) {
  std::atomic<int> ran{0};
  Executor executor(2, 1000);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(executor.Submit([&] { ++ran; }));
  executor.Stop();
  EXPECT_EQ(ran, 500);
  EXPECT_FALSE(executor.Submit([&] { ++ran; }));
  EXPECT_FALSE(executor.Continue([&] { ++ran; }));
  EXPECT_EQ(ran, 500);
}

TEST(Executor, RefusesPastItsLimitButContinuesStreams) {
  Gate gate;
  std::atomic<int> ran{0};
  Executor executor(1, 2);
  std::atomic<bool> busy{false};
  ASSERT_TRUE(executor.Submit([&] {
    busy = true;
    gate.Pass();
  }));
  while (!busy) {
  }
  EXPECT_TRUE(executor.Submit([&] { ++ran; }));
  EXPECT_TRUE(executor.Submit([&] { ++ran; }));
  EXPECT_FALSE(executor.Submit([&] { ++ran; }));
  EXPECT_TRUE(executor.Continue([&] { ++ran; }));
  gate.Open();
  executor.Stop();
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace dealog::rpc
