// Method: a recording consumer over the memory log; pauses that would take longer than the test
// unless what must end them does.
#include <gmock/gmock.h>

#include <thread>

#include "eventstore/base/clock.h"
#include "eventstore/base/one_shot.h"
#include "eventstore/follow/log_follower.h"
#include "eventstore/memory/memory_log.h"
#include "tests/eventstore/follow/recorder.h"

namespace dealog::eventstore {
namespace {

using std::chrono::milliseconds;

// ---- Pace --------------------------------------------------------------------------------------

TEST(FollowPace, WhileBatchesComeTheyGatherForThePace) {
  const auto log = MakeMemoryLog({});
  Store store;
  Recorder recorder(store);
  LogFollowerOptions options = Quick(kFollowPageBytes);
  options.pace = kLong;
  LogFollower follower(*log, recorder, options);
  follower.Add(kFirst);
  follower.Start();
  AppendBatches(*log, 1);
  ASSERT_TRUE(follower.WaitCaughtUp(kLong)) << "who is idle is woken by the first";
  const int first_pages = recorder.pages;
  AppendBatches(*log, 100);
  EXPECT_FALSE(follower.WaitCaughtUp(milliseconds(20))) << "then it rests";
  EXPECT_EQ(recorder.pages, first_pages);
  follower.Hurry();
  ASSERT_TRUE(follower.WaitCaughtUp(kLong)) << "unless somebody waits";
  EXPECT_EQ(recorder.pages, first_pages + 1) << "and takes all at once";
}

TEST(FollowPace, AFullPageIsFollowedByTheNextWithoutAPace) {
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 50);
  Store store;
  Recorder recorder(store);
  LogFollowerOptions options = Quick(/*page_bytes=*/1);
  options.pace = kLong;
  LogFollower follower(*log, recorder, options);
  follower.Add(kFirst);
  follower.Start();
  EXPECT_TRUE(follower.WaitCaughtUp(kLong / 2));
}

TEST(FollowPace, WhoGathersWaitsBeforeTheFirstLook) {
  const auto log = MakeMemoryLog({});
  Store store;
  Recorder recorder(store);
  LogFollowerOptions options = Quick(kFollowPageBytes);
  options.gather = kLong;
  LogFollower follower(*log, recorder, options);
  follower.Add(kFirst);
  follower.Start();
  while (recorder.caught_up == 0) std::this_thread::yield();
  AppendBatches(*log, 10);
  EXPECT_FALSE(follower.WaitCaughtUp(milliseconds(20)));
  follower.Hurry();
  EXPECT_TRUE(follower.WaitCaughtUp(kLong));
}

// ---- Tasks, time, stop -------------------------------------------------------------------------

TEST(FollowPace, RunsTasksOnItsThreadAndNoneOnceItEnded) {
  const auto log = MakeMemoryLog({});
  Store store;
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  follower.Start();
  const auto here = std::this_thread::get_id();
  std::thread::id there = here;
  EXPECT_TRUE(follower.Run([&] { there = std::this_thread::get_id(); }));
  EXPECT_NE(there, here);
  follower.Stop();
  EXPECT_FALSE(follower.Run([] { FAIL() << "it has ended"; }));
  EXPECT_FALSE(follower.Post([] { FAIL() << "it has ended"; }));
}

TEST(FollowPace, ATaskThatWasTakenIsRunAlsoIfItStops) {
  const auto log = MakeMemoryLog({});
  for (int i = 0; i < 50; ++i) {
    Store store;
    Recorder recorder(store);
    LogFollower follower(*log, recorder, Quick());
    follower.Start();
    std::atomic<int> taken = 0;
    std::atomic<int> ran = 0;
    base::Worker caller("caller", [&] {
      while (follower.Run([&] { ++ran; })) ++taken;
    });
    while (ran == 0) std::this_thread::yield();
    follower.Stop();
    caller.Join();
    EXPECT_EQ(taken, ran);
  }
}

class Timer final : public Recorder {
 public:
  using Recorder::Recorder;
  FollowRest OnTurn(bool caught_up) override {
    if (caught_up) ++turns;
    return {.until_us = base::MonotonicMicros() + 1000};
  }
  std::atomic<int> turns = 0;
};

TEST(FollowPace, AHandlerIsCalledAgainWhenItsTimeComes) {
  const auto log = MakeMemoryLog({});
  Store store;
  Timer timer(store);
  LogFollower follower(*log, timer, Quick());
  follower.Add(kFirst);
  follower.Start();
  const int64_t until_us = base::MonotonicMicros() + 20'000'000;
  while (timer.turns < 10 && base::MonotonicMicros() < until_us) std::this_thread::yield();
  EXPECT_GE(timer.turns, 10);
  EXPECT_EQ(timer.begins, 1);
}

TEST(FollowPace, AnIdleOneSleeps) {
  class Counter final : public Recorder {
   public:
    using Recorder::Recorder;
    FollowRest OnTurn(bool) override {
      ++turns;
      return {};
    }
    std::atomic<int> turns = 0;
  };
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 1);
  Store store;
  Counter counter(store);
  LogFollower follower(*log, counter, Quick());
  follower.Add(kFirst);
  follower.Start();
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_LE(counter.turns, 3) << "a page, nothing more, sleep";
}

TEST(FollowPace, WhoWaitsIsLetGoWhenItStops) {
  const auto log = MakeMemoryLog({});
  Store store;
  Recorder recorder(store);
  recorder.fail = [] { return absl::InternalError("never"); };
  LogFollower follower(*log, recorder, Quick());
  follower.Add(kFirst);
  follower.Start();
  AppendBatches(*log, 1);
  base::OneShot<bool> waited;
  base::Worker waiter("waiter", [&] { waited.Set(follower.WaitCaughtUp(std::chrono::hours(1))); });
  follower.Stop();
  EXPECT_EQ(waited.WaitFor(kLong), false);
}

}  // namespace
}  // namespace dealog::eventstore
