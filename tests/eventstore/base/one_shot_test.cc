// Method: one thread sets, another waits, in every order; what breaks the promise must abort.
#include "eventstore/base/one_shot.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/worker.h"

namespace dealog::base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(OneShot, GivesWhatWasSetBefore) {
  OneShot<std::string> shot;
  shot.Set("done");
  EXPECT_EQ(shot.Wait(), "done");
}

TEST(OneShot, WaitsForAnotherThread) {
  // Of a type that can only be moved; destroyed at once after Wait, while Set may not have
  // returned.
  for (int i = 0; i < 200; ++i) {
    auto shot = std::make_unique<OneShot<std::unique_ptr<int>>>();
    Worker setter("setter", [&raw = *shot, i] { raw.Set(std::make_unique<int>(i)); });
    EXPECT_EQ(*shot->Wait(), i);
    shot.reset();
  }
}

TEST(OneShot, AWaitThatTookTooLongMayBeRepeated) {
  OneShot<int> shot;
  EXPECT_FALSE(shot.WaitFor(microseconds(0)).has_value());
  const int64_t start_us = MonotonicMicros();
  EXPECT_FALSE(shot.WaitFor(milliseconds(5)).has_value());
  EXPECT_GE(MonotonicMicros() - start_us, 5000);
  Worker setter("setter", [&shot] { shot.Set(7); });
  EXPECT_EQ(shot.WaitFor(std::chrono::seconds(20)), 7);
}

TEST(OneShot, ManyAreWaitedForInAnyOrder) {
  std::vector<OneShot<size_t>> shots(100);
  Worker setter("setter", [&shots] {
    for (size_t i = 0; i < shots.size(); ++i) shots[i].Set(i);
  });
  for (size_t i = shots.size(); i-- > 0;) EXPECT_EQ(shots[i].Wait(), i);
}

TEST(OneShotDeathTest, IsSetOnceAndTakenOnce) {
  OneShot<int> shot;
  shot.Set(1);
  EXPECT_DEATH(shot.Set(2), "set once");
  EXPECT_EQ(shot.Wait(), 1);
  EXPECT_DEATH(shot.Wait(), "taken once");
  EXPECT_DEATH(shot.WaitFor(microseconds(1)), "taken once");
  EXPECT_DEATH(shot.Set(3), "set once");
}

}  // namespace
}  // namespace dealog::base
