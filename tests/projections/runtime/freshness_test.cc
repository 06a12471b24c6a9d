// Method: reads that wait, watchers, and readers that run while a writer appends: each must see
// whole commits, all views at one position, and be called once.

#include "projections/runtime/runner.h"

#include <atomic>

#include "eventstore/base/worker.h"
#include "tests/projections/runtime/runner_fixture.h"

namespace dealog::projections {
namespace {

using ::testing::HasSubstr;

TEST_F(RunnerTest, ReadSeesAllViewsAtTheHead) {
  Start();
  const Position head = Append("acme", "n", {"a", "b", "c"});
  const auto read = Read("acme");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->position(), head);
  EXPECT_EQ((*read)->recorded_at_us(), log_->Head(TenantId{"acme"})->recorded_at_us);
  for (const std::string_view view : {"sturdy", "fragile"}) {
    const CountView* state = *(*read)->Get<CountView>(view);
    EXPECT_EQ(state->last_position(), head.value);
    EXPECT_EQ(state->settled(), state->total());
  }
  EXPECT_EQ((*read)->Get<CountView>("nobody").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RunnerTest, UnknownTenantIsNotFound) {
  Start();
  for (const auto kind : {Freshness::Kind::kHead, Freshness::Kind::kAny}) {
    const auto read = Read("nobody", {.kind = kind});
    EXPECT_EQ(base::ReasonOf(read.status()), "TENANT_NOT_FOUND");
  }
}

TEST_F(RunnerTest, DeadlinePassesAsViewBehind) {
  Append("acme", "n", {"a"});
  Start();
  const int64_t before = base::MonotonicMicros();
  const auto read =
      runner_->Read(TenantId{"acme"}, {.kind = Freshness::Kind::kAtLeast, .position = Position{99}},
                    In(absl::Milliseconds(50)));
  EXPECT_EQ(read.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::ReasonOf(read.status()), "VIEW_BEHIND");
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("position 99"));
  EXPECT_GE(base::MonotonicMicros() - before, 45'000);
}

TEST_F(RunnerTest, WhenFreshCallsOnceAfterTheFold) {
  Append("acme", "n", {"a"});
  Start();
  std::atomic<int> calls{0};
  std::atomic<bool> ok{false};
  runner_->WhenFresh(TenantId{"acme"}, {.kind = Freshness::Kind::kAtLeast, .position = Position{3}},
                     In(absl::Seconds(20)), [&](const absl::Status& status) {
                       ok = status.ok();
                       ++calls;
                     });
  Append("acme", "n", {"b"});
  Count("acme", "n");
  EXPECT_EQ(calls, 0);
  Append("acme", "n", {"c"});
  Count("acme", "n");
  for (int i = 0; i < 1'000 && calls == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(ok);
}

TEST_F(RunnerTest, StopFailsThoseWhoWait) {
  Append("acme", "n", {"a"});
  Start();
  std::string reason;
  runner_->WhenFresh(TenantId{"acme"}, {.kind = Freshness::Kind::kAtLeast, .position = Position{3}},
                     absl::InfiniteFuture(),
                     [&](const absl::Status& status) { reason = base::ReasonOf(status); });
  runner_->Stop();
  EXPECT_EQ(reason, "NOT_READY");
  runner_->Stop();  // Idempotent.
  EXPECT_EQ(base::ReasonOf(runner_->Rebuild("sturdy", {})), "NOT_READY");
}

TEST_F(RunnerTest, WatchersAreToldUntilUnwatch) {
  Append("acme", "n", {"a"});
  Start();
  std::atomic<int> acme{0};
  std::atomic<int> beta{0};
  Count("acme", "n");
  const uint64_t id = *runner_->Watch(TenantId{"acme"}, [&] { ++acme; });
  const uint64_t other = *runner_->Watch(TenantId{"beta"}, [&] { ++beta; });
  for (int i = 0; i < 3; ++i) {
    const int before = acme;
    Append("acme", "n", {"b"});
    for (int waited = 0; waited < 2'000 && acme == before; ++waited) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_GT(acme, before);
  }
  runner_->Unwatch(id);
  const int told = acme;
  for (int i = 0; i < 5; ++i) Append("acme", "n", {"c"});
  Count("acme", "n");
  runner_->Stop();  // Whatever was still to be told has been.
  EXPECT_EQ(acme, told);
  EXPECT_LE(beta, 1) << "at most that its views, of no event yet, can be read";
  runner_->Unwatch(other);
}

TEST_F(RunnerTest, UnwatchFromWithinTheCallDoesNotWaitForItself) {
  Append("acme", "n", {"a"});
  Start();
  Count("acme", "n");
  std::atomic<uint64_t> id{0};
  std::atomic<int> calls{0};
  id = *runner_->Watch(TenantId{"acme"}, [&] {
    if (id == 0) return;
    runner_->Unwatch(id);
    ++calls;
  });
  for (int i = 0; i < 2'000 && calls == 0; ++i) {
    Append("acme", "n", {"b"});
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  Append("acme", "n", {"c"});
  Count("acme", "n");
  runner_->Stop();
  EXPECT_EQ(calls, 1);
}

TEST_F(RunnerTest, ReadersAlwaysSeeWholeCommits) {
  Append("acme", "n", {"a", "b", "c"});
  Start();
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  {
    std::vector<base::Worker> readers;
    for (int r = 0; r < 3; ++r) {
      readers.emplace_back("reader", [&, r] {
        while (!stop) {
          const auto read =
              Read("acme", {.kind = r == 0 ? Freshness::Kind::kHead : Freshness::Kind::kAny});
          ASSERT_TRUE(read.ok()) << read.status();
          const int sturdy = (*(*read)->Get<CountView>("sturdy"))->counts().at("n");
          const int fragile = (*(*read)->Get<CountView>("fragile"))->counts().at("n");
          EXPECT_EQ(sturdy, fragile);
          EXPECT_EQ(sturdy % 3, 0);
          EXPECT_EQ(static_cast<uint64_t>(sturdy), (*read)->position().value);
          ++reads;
        }
      });
    }
    for (int i = 0; i < 400; ++i) Append("acme", "n", {"a", "b", "c"});
    while (reads < 100) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop = true;
  }
  EXPECT_EQ(Count("acme", "n"), 1203);
}

}  // namespace
}  // namespace dealog::projections
