// Method: a handler that keeps what it was given, as a consumer with a durable point would, over
// the memory log; a log that fails, a handler that fails, stops and restarts at random moments.
// Whatever happens, what it made durable is every batch once and in order.
#include "eventstore/follow/log_follower.h"

#include <gmock/gmock.h>

#include <random>
#include <set>
#include <thread>
#include <utility>

#include "eventstore/base/clock.h"
#include "eventstore/follow/point.h"
#include "eventstore/memory/memory_log.h"
#include "tests/eventstore/follow/recorder.h"
#include "tests/support/hooked_log.h"

namespace dealog::eventstore {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LogFollower, HandsOverWhatThereIsAndWhatComes) {
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 7);
  Store store;
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  const FollowCursor& cursor = follower.Add(kFirst);
  follower.Start();
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  AppendBatches(*log, 5);
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  EXPECT_EQ(follower.Progress(cursor).done.number.value, 12u);
  EXPECT_EQ(follower.Progress(cursor).lag_seconds, 0);
  follower.Stop();
  EXPECT_EQ(store[0].numbers, UpTo(12));
  EXPECT_EQ(recorder.pages, 12) << "of one batch each";
}

TEST(LogFollower, FollowsSeveralPartitionsOnOneThread) {
  const auto log = MakeMemoryLog({.partition_count = 3});
  Store store;
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  for (uint32_t i = 0; i < 3; ++i) follower.Add({i});
  follower.Start();
  for (int i = 0; i < 30; ++i) AppendBatches(*log, 1, "tenant-" + std::to_string(i));
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  follower.Stop();
  for (uint32_t i = 0; i < 3; ++i) {
    ASSERT_GT(log->BatchHead({i}).number.value, 0u) << "or this proves nothing";
    EXPECT_EQ(store[i].numbers, UpTo(log->BatchHead({i}).number.value));
  }
}

TEST(LogFollower, APointOfAnotherHistoryIsToldBeforeStartReturns) {
  const auto other = MakeMemoryLog({});
  AppendBatches(*other, 3, "other");
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 3);
  Store store{{0, {{{2}, other->BatchDigest(kFirst, {2}).value()}, {1, 2}}}};
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  follower.Add(kFirst);
  follower.Start();
  EXPECT_THAT(recorder.forks, ElementsAre(HasSubstr("expected batch 2 of partition 0")));
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  follower.Stop();
  EXPECT_EQ(store[0].numbers, UpTo(3)) << "from the beginning";
}

TEST(LogFollower, APointAheadOfTheLogIsTold) {
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 2);
  Store store{{0, {{{9}, std::string(32, 'x')}, {}}}};
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  follower.Add(kFirst);
  follower.Start();
  EXPECT_THAT(recorder.forks, ElementsAre(HasSubstr("the log ends at 2")));
}

TEST(LogFollower, TellsTheSameFailureOnceAndGoesOn) {
  testing::HookedLog log(MakeMemoryLog({}));
  AppendBatches(log, 3);
  std::atomic<int> left = 5;
  log.before_follow = [&] {
    return left-- > 0 ? absl::UnavailableError("no log now") : absl::OkStatus();
  };
  Store store;
  Recorder recorder(store);
  LogFollower follower(log, recorder, Quick());
  const FollowCursor& cursor = follower.Add(kFirst);
  follower.Start();
  EXPECT_THAT(recorder.failures, ElementsAre("no log now"));
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  EXPECT_EQ(follower.Progress(cursor).error, "") << "of the last attempt";
  follower.Stop();
  EXPECT_THAT(recorder.failures, ElementsAre("no log now"));
  EXPECT_EQ(store[0].numbers, UpTo(3));
}

TEST(LogFollower, SaysHowLongAndWhyItIsBehind) {
  const auto log = MakeMemoryLog({});
  Store store;
  Recorder recorder(store);
  std::atomic<bool> broken = true;
  recorder.fail = [&] { return broken ? absl::InternalError("can't") : absl::OkStatus(); };
  LogFollower follower(*log, recorder, Quick(kFollowPageBytes));
  const FollowCursor& cursor = follower.Add(kFirst);
  follower.Start();
  EXPECT_TRUE(follower.WaitCaughtUp(kLong)) << "there is nothing";
  while (recorder.caught_up == 0) std::this_thread::yield();  // From here on it is woken.
  const int64_t start_us = base::MonotonicMicros();
  AppendBatches(*log, 1);
  EXPECT_FALSE(follower.WaitCaughtUp(milliseconds(30)));
  const FollowProgress behind = follower.Progress(cursor);
  EXPECT_EQ(behind.error, "can't");
  EXPECT_EQ(behind.done.number.value, 0u);
  EXPECT_GT(behind.lag_seconds, 0.02) << "retries do not set it back";
  EXPECT_LE(behind.lag_seconds, static_cast<double>(base::MonotonicMicros() - start_us) / 1e6);
  broken = false;
  EXPECT_TRUE(follower.WaitCaughtUp(kLong));
  EXPECT_EQ(follower.Progress(cursor).lag_seconds, 0);
}

// The log's reads and the consumer's work fail at random, and it stops anywhere, many times.
TEST(LogFollower, WhatIsDurableIsEveryBatchOnceWhateverFailsAndStops) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    testing::HookedLog log(MakeMemoryLog({.partition_count = 2}));
    std::mt19937 log_random(seed + 1000);  // Of the follower's thread.
    std::atomic<bool> failing = true;
    const auto sometimes = [&] {
      return failing && log_random() % 7 == 0 ? absl::UnavailableError("a fault")
                                              : absl::OkStatus();
    };
    log.before_follow = sometimes;
    Store store;
    for (int round = 0; round < 6; ++round) {
      Recorder recorder(store);
      recorder.fail = sometimes;
      failing = round < 5;
      LogFollower follower(log, recorder, Quick(1 + random() % 2000));
      for (uint32_t i = 0; i < 2; ++i) follower.Add({i});
      follower.Start();
      for (uint32_t i = random() % 20; i > 0; --i) {
        AppendBatches(log, 1, "tenant-" + std::to_string(random() % 8));
        if (random() % 4 == 0) follower.Hurry();
        if (random() % 8 == 0) std::ignore = follower.Run([] {});
      }
      if (round == 5) {
        ASSERT_TRUE(follower.WaitCaughtUp(kLong));
      }
    }
    for (uint32_t i = 0; i < 2; ++i) {
      EXPECT_EQ(store[i].numbers, UpTo(log.BatchHead({i}).number.value)) << "seed " << seed;
      EXPECT_TRUE(CheckPoint(log, {i}, store[i].point).ok());
    }
  }
}

// ---- Several cursors of one partition ----------------------------------------------------------

// As views do: each stands at a point of its own and goes on alone until it meets another one,
// which it then joins.
class Joiner final : public FollowHandler {
 public:
  Joiner(EventLog& log, std::vector<uint64_t> starts)
      : follower(log, *this, Quick(/*page_bytes=*/700)) {
    for (const uint64_t start : starts) {
      starts_[&follower.Add(kFirst)] = {{start},
                                        start == 0 ? "" : log.BatchDigest(kFirst, {start}).value()};
    }
  }

  absl::StatusOr<FollowPoint> Begin(FollowCursor& cursor) override { return starts_.at(&cursor); }
  absl::Status OnBatch(FollowCursor& cursor, const StoredBatch& batch, BatchPlace) override {
    seen[&cursor].push_back(batch.number.value);
    for (auto& [other, start] : starts_) {
      if (other == &cursor || other->point().number != batch.number) continue;
      follower.Remove(cursor);  // The one at hand, in the middle of its page.
      starts_.erase(&cursor);
      break;
    }
    return absl::OkStatus();
  }
  size_t left() const { return starts_.size(); }

  std::map<FollowCursor*, std::vector<uint64_t>> seen;

 private:
  std::map<FollowCursor*, FollowPoint> starts_;

 public:
  LogFollower follower;  // Last.
};

TEST(LogFollower, CursorsThatMeetCanBecomeOne) {
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 60);
  Joiner joiner(*log, {0, 20, 45});
  joiner.follower.Start();
  ASSERT_TRUE(joiner.follower.WaitCaughtUp(kLong));
  joiner.follower.Stop();
  EXPECT_EQ(joiner.left(), 1u);
  std::set<uint64_t> all;
  for (const auto& [cursor, numbers] : joiner.seen) {
    for (size_t i = 1; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], numbers[i - 1] + 1);
    all.insert(numbers.begin(), numbers.end());
  }
  EXPECT_EQ(std::vector<uint64_t>(all.begin(), all.end()), UpTo(60));
}

TEST(LogFollower, ACursorMayBeAddedBesideAndAskedAnew) {
  const auto log = MakeMemoryLog({});
  AppendBatches(*log, 4);
  Store store;
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  follower.Start();
  FollowCursor* cursor = nullptr;
  ASSERT_TRUE(follower.Run([&] { cursor = &follower.Add(kFirst); }));
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  EXPECT_EQ(recorder.begins, 1);
  ASSERT_TRUE(follower.Run([&] {
    store.clear();
    follower.Restart(*cursor);
  }));
  ASSERT_TRUE(follower.WaitCaughtUp(kLong));
  ASSERT_TRUE(follower.Run([&] { EXPECT_EQ(store[0].numbers, UpTo(4)) << "all of it again"; }));
  ASSERT_TRUE(follower.Run([&] { follower.Remove(*cursor); }));
  AppendBatches(*log, 1);
  ASSERT_TRUE(follower.Run([] {}));
  follower.Stop();
  EXPECT_EQ(store[0].numbers, UpTo(4)) << "nobody follows any more";
}

// ---- What must abort ---------------------------------------------------------------------------

// Leaves out a batch.
class LeavesOut final : public BatchSubscription {
 public:
  explicit LeavesOut(std::unique_ptr<BatchSubscription> inner) : inner_(std::move(inner)) {}
  absl::StatusOr<Page> Poll(size_t) override {
    absl::StatusOr<Page> page = inner_->Poll(kFollowPageBytes);
    if (page.ok() && page->items.size() > 2) page->items.erase(page->items.begin() + 1);
    return page;
  }
  void SetWake(std::function<void()> wake) override { inner_->SetWake(std::move(wake)); }

 private:
  const std::unique_ptr<BatchSubscription> inner_;
};

TEST(LogFollowerDeathTest, ABatchThatIsLeftOutIsNeverPassedOver) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        testing::HookedLog log(MakeMemoryLog({}));
        log.wrap_subscription = [](std::unique_ptr<BatchSubscription> inner) {
          return std::make_unique<LeavesOut>(std::move(inner));
        };
        AppendBatches(log, 5);
        Store store;
        Recorder recorder(store);
        LogFollower follower(log, recorder, Quick());
        follower.Add(kFirst);
        follower.Start();
        std::ignore = follower.WaitCaughtUp(kLong);
      },
      "batch 3 after 1");
}

TEST(LogFollowerDeathTest, ACursorIsOfOneFollowerAndOnePartition) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto log = MakeMemoryLog({});
  Store store;
  Recorder recorder(store);
  LogFollower follower(*log, recorder, Quick());
  LogFollower other(*log, recorder, Quick());
  FollowCursor& cursor = follower.Add(kFirst);
  EXPECT_DEATH(other.Remove(cursor), "owner_");
  EXPECT_DEATH(follower.Add({7}), "partition_count");
  follower.Remove(cursor);
  EXPECT_DEATH(follower.Remove(cursor), "removed once");
}

}  // namespace
}  // namespace dealog::eventstore
