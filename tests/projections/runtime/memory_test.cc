// Method: many tenants under a budget of a quarter of what they hold, read, written, watched and
// rebuilt meanwhile; every answer must be that of a runner without a budget, what is stored must be
// the same bytes, and evictions must have happened, or the test tests nothing.

#include <atomic>
#include <map>
#include <random>

#include "eventstore/base/one_shot.h"
#include "eventstore/base/worker.h"
#include "projections/runtime/runner.h"
#include "tests/projections/runtime/runner_fixture.h"

namespace dealog::projections {
namespace {

using ::testing::HasSubstr;

constexpr int kTenants = 16;
constexpr int kStreams = 10;

class MemoryTest : public RunnerTest {
 protected:
  ~MemoryTest() override { Stop(); }  // Before what the runner tells goes.
  static std::string Tenant(uint64_t i) { return "tenant" + std::to_string(i % kTenants); }
  void FillTenants() {
    for (int i = 0; i < kTenants; ++i) {
      for (int j = 0; j < kStreams; ++j) Write(Tenant(static_cast<uint64_t>(i)), j);
    }
  }
  void Write(const std::string& tenant, int stream) {
    const std::string id = "n" + std::to_string(stream);
    Append(tenant, id, {"a", "b"});
    written_[tenant][id] += 2;
  }
  // What one filled tenant holds.
  size_t OneTenant() {
    Start();
    Count(Tenant(0), "n0");
    const size_t bytes = runner_->memory().bytes;
    Stop();
    return bytes;
  }
  void StartWithin(size_t bytes, uint64_t cold_events_max = kColdEventsMax) {
    Start({SturdyDefinition(), FragileDefinition()}, {.flush_interval = absl::Milliseconds(2),
                                                      .memory_bytes_max = bytes,
                                                      .cold_events_max = cold_events_max,
                                                      .log = [this](std::string_view sentence) {
                                                        const base::MutexLock lock(mu_);
                                                        told_ += sentence;
                                                      }});
  }
  std::vector<std::pair<std::string, std::string>> RowsOfAFoldInOneGo() {
    std::filesystem::remove_all(Views());
    Start();
    for (int i = 0; i < kTenants; ++i) Count(Tenant(static_cast<uint64_t>(i)), "n0");
    Stop();
    return Dump();
  }
  void AwaitNothingLoading() {
    for (int i = 0; i < 5'000 && runner_->memory().loading > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::map<std::string, std::map<std::string, int>> written_;
  base::Mutex mu_;
  std::string told_ ABSL_GUARDED_BY(mu_);
};

TEST_F(MemoryTest, EvictedAndLoadedTenantsAnswerAsBefore) {
  FillTenants();
  const size_t all = OneTenant() * kTenants;
  StartWithin(all / 4);
  std::mt19937 random(7);
  for (int i = 0; i < 600; ++i) {
    const std::string tenant = Tenant(random());
    const int stream = static_cast<int>(random() % kStreams);
    if (random() % 3 == 0) Write(tenant, stream);
    const std::string id = "n" + std::to_string(stream);
    const std::string_view view = random() % 2 == 0 ? "sturdy" : "fragile";
    ASSERT_EQ(Count(tenant, id, view), written_[tenant][id]);
  }
  for (uint64_t i = 0; i < kTenants; ++i) Count(Tenant(i), "n0");  // Whatever was cold.
  AwaitNothingLoading();
  EXPECT_GT(runner_->memory().evictions, 100u);
  EXPECT_LE(runner_->memory().bytes, all / 4);
  Stop();
  const auto kept = Dump();
  EXPECT_EQ(RowsOfAFoldInOneGo(), kept);
}

TEST_F(MemoryTest, WhoWaitsForACommitHoldsTheTenant) {
  FillTenants();
  StartWithin(2 * OneTenant());
  EXPECT_EQ(Count(Tenant(0), "n0"), 2);
  const Position next{log_->Head(TenantId{Tenant(0)})->position.value + 2};
  base::OneShot<absl::Status> fresh;
  runner_->WhenFresh(TenantId{Tenant(0)}, {.kind = Freshness::Kind::kAtLeast, .position = next},
                     In(absl::Seconds(20)),
                     [&fresh](absl::Status status) { fresh.Set(std::move(status)); });
  // More than there is room for come and go, all read later than the one that is waited for.
  for (uint64_t i = 1; i < kTenants; ++i) EXPECT_EQ(Count(Tenant(i), "n0"), 2);
  AwaitNothingLoading();
  EXPECT_GT(runner_->memory().evictions, 10u);
  Write(Tenant(0), 0);
  EXPECT_TRUE(fresh.Wait().ok());
  EXPECT_EQ(Count(Tenant(0), "n0"), 4);
}

TEST_F(MemoryTest, ReadersWritersAndRebuildsUnderPressure) {
  FillTenants();
  const size_t all = OneTenant() * kTenants;
  StartWithin(all / 4, 20);
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  {
    std::vector<base::Worker> readers;
    for (uint32_t r = 0; r < 3; ++r) {
      readers.emplace_back("reader", [&, r] {
        std::mt19937 random(r);
        while (!stop) {
          const auto read = Read(Tenant(random()));
          ASSERT_TRUE(read.ok()) << read.status();
          const CountView* const sturdy = *(*read)->Get<CountView>("sturdy");
          const CountView* const fragile = *(*read)->Get<CountView>("fragile");
          EXPECT_EQ(sturdy->counts(), fragile->counts());
          uint64_t sum = 0;
          for (const auto& [id, count] : sturdy->counts()) sum += static_cast<uint64_t>(count);
          EXPECT_EQ(sum, (*read)->position().value);
          ++reads;
        }
      });
    }
    std::mt19937 random(99);
    for (int i = 0; i < 400; ++i) {
      Write(Tenant(random()), static_cast<int>(random() % kStreams));
      absl::Status rebuilt;
      if (i % 100 == 20) rebuilt.Update(runner_->Rebuild("fragile", {}));
      if (i % 40 == 7) rebuilt.Update(runner_->Rebuild("sturdy", TenantId{Tenant(random())}));
      EXPECT_TRUE(rebuilt.ok()) << rebuilt;
    }
    while (reads < 100) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop = true;
  }
  EXPECT_GT(runner_->memory().evictions, 20u);
  for (int i = 0; i < kTenants; ++i) {
    const std::string tenant = Tenant(static_cast<uint64_t>(i));
    for (const auto& [id, count] : written_[tenant]) EXPECT_EQ(Count(tenant, id), count);
  }
  AwaitNothingLoading();
  Stop();
  const auto kept = Dump();
  EXPECT_EQ(RowsOfAFoldInOneGo(), kept);
}

TEST_F(MemoryTest, ATenantLargerThanTheBudgetIsServedAndTold) {
  FillTenants();
  StartWithin(100);
  for (uint64_t i = 0; i < 4; ++i) EXPECT_EQ(Count(Tenant(i), "n1"), 2);
  AwaitNothingLoading();
  EXPECT_LE(runner_->memory().tenants, 1u);
  const base::MutexLock lock(mu_);
  EXPECT_THAT(told_, HasSubstr("the views of tenant tenant0 hold"));
}

TEST_F(MemoryTest, ACommitLoadsNobody) {
  Start();
  for (int i = 0; i < 50; ++i) Append("acme", "n", {"a"});
  Append("beta", "n", {"a"});
  EXPECT_EQ(Count("beta", "n"), 1);
  EXPECT_EQ(runner_->memory().tenants, 1u);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 1u);
  EXPECT_EQ(StatusOf("sturdy").lag_events, 0u);
  EXPECT_EQ(Count("acme", "n"), 50);
}

TEST_F(MemoryTest, ColdRowsAreKeptNearTheHead) {
  StartWithin(0, 20);
  for (int i = 0; i < 50; ++i) Append("acme", "n", {"a"});
  Append("beta", "n", {"a"});
  Count("beta", "n");
  const auto refreshed = [this] {
    return store_->ReadApplied("sturdy", TenantId{"acme"})->position >= Position{21} &&
           runner_->memory().tenants == 1;  // Who was only refreshed leaves again.
  };
  for (int i = 0; i < 5'000 && !refreshed(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(refreshed());
  Stop();
  for (int i = 0; i < 50; ++i) Append("acme", "n", {"a"});
  StartWithin(0, 20);  // Also what lies behind at the start.
  for (int i = 0; i < 2'000; ++i) {
    if (store_->ReadApplied("sturdy", TenantId{"acme"})->position == Position{100}) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(store_->ReadApplied("sturdy", TenantId{"acme"})->position, Position{100});
}

TEST_F(MemoryTest, WatchersHoldTheirTenantAndAreRefusedWhenTheyHoldTooMuch) {
  FillTenants();
  const size_t one = OneTenant();
  StartWithin(one + one / 2);
  Count(Tenant(0), "n0");
  const auto first = runner_->Watch(TenantId{Tenant(0)}, [] {});
  ASSERT_TRUE(first.ok());
  const auto second = runner_->Watch(TenantId{Tenant(0)}, [] {});
  ASSERT_TRUE(second.ok()) << "of the same tenant: it holds nothing more";
  Count(Tenant(1), "n0");
  std::atomic<int> told{0};
  const auto other = runner_->Watch(TenantId{Tenant(1)}, [&told] { ++told; });
  ASSERT_TRUE(other.ok()) << "there was room when it came";
  // Now both are held, which is more than the budget: nobody else comes in.
  const auto refused = runner_->Watch(TenantId{Tenant(2)}, [] {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  const auto read = runner_->Read(TenantId{Tenant(3)}, {}, In(absl::Milliseconds(100)));
  EXPECT_EQ(base::ReasonOf(read.status()), "VIEW_BEHIND");
  // Who is held is served as ever.
  EXPECT_EQ(Count(Tenant(0), "n0"), 2);
  Write(Tenant(0), 0);
  EXPECT_EQ(Count(Tenant(0), "n0"), 4);
  runner_->Unwatch(*first);
  runner_->Unwatch(*second);
  EXPECT_EQ(Count(Tenant(3), "n0"), 2) << "room was made";
  runner_->Unwatch(*other);
}

TEST_F(MemoryTest, AFailedViewStaysFailedWhenItsTenantLeaves) {
  Append("acme", "n", {"a", "poison"});
  Append("beta", "n", {"a"});
  StartWithin(1);
  for (int i = 0; i < 3; ++i) {
    {
      const auto read = Read("acme");
      ASSERT_TRUE(read.ok());
      EXPECT_EQ(base::ReasonOf((*read)->Get<CountView>("fragile").status()), "VIEW_FAILED");
    }
    EXPECT_EQ(StatusOf("fragile").failed_tenants, 1u);
    EXPECT_EQ(Count("beta", "n", "fragile"), 1);
    EXPECT_EQ(StatusOf("fragile").failed_tenants, 1u);
  }
  EXPECT_GT(runner_->memory().evictions, 0u);
}

TEST_F(MemoryTest, AReadLoadsTheViewsThatItNames) {
  FillTenants();
  Start();
  EXPECT_EQ(Count(Tenant(0), "n0", "sturdy"), 2);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 2u * kStreams);
  EXPECT_EQ(StatusOf("fragile").events_folded, 0u);
  EXPECT_EQ(StatusOf("fragile").lag_events, 0u) << "as of a tenant that is not resident";
  Write(Tenant(0), 0);
  EXPECT_EQ(Count(Tenant(0), "n0", "sturdy"), 4);
  EXPECT_EQ(StatusOf("fragile").events_folded, 0u);
  const size_t bytes = runner_->memory().bytes;
  EXPECT_EQ(Count(Tenant(0), "n0", "fragile"), 4);
  EXPECT_GT(runner_->memory().bytes, bytes);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 2u * kStreams + 2);
  EXPECT_EQ(StatusOf("fragile").events_folded, 2u * kStreams + 2);
}

TEST_F(MemoryTest, AReadMustNameWhatItGets) {
  FillTenants();
  Start();
  Count(Tenant(0), "n0");
  const auto read = Read(Tenant(0), {.views = {"sturdy"}});
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE((*read)->Get<CountView>("sturdy").ok());
  const absl::Status other = (*read)->Get<CountView>("fragile").status();
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(other.message()), HasSubstr("fragile"));
}

TEST_F(MemoryTest, WhatIsReadInPassingLeavesAgainAndPushesNobodyOut) {
  FillTenants();
  StartWithin(3 * OneTenant());
  Count(Tenant(0), "n0");
  const uint64_t loads = runner_->memory().loads;
  for (uint64_t i = 1; i < 2 * kTenants; ++i) {
    {
      const auto read = Read(Tenant(i), {.views = {"sturdy"}, .passing = true});
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ((*(*read)->Get<CountView>("sturdy"))->counts().at("n0"), 2);
    }
    for (int wait = 0; wait < 5'000 && runner_->memory().tenants > 1; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(runner_->memory().tenants, 1u) << i;
  }
  EXPECT_EQ(Count(Tenant(0), "n0"), 2);
  EXPECT_EQ(runner_->memory().loads, loads + 2 * kTenants - 2) << "who was read never left";
  EXPECT_EQ(StatusOf("fragile").events_folded, 0u) << "nor was more loaded than was named";
}

TEST_F(MemoryTest, WhatIsColdOfAResidentTenantIsKeptNearTheHead) {
  StartWithin(0, 20);
  Append("acme", "n", {"a"});
  Count("acme", "n", "sturdy");
  for (int i = 0; i < 50; ++i) Append("acme", "n", {"a"});
  Count("acme", "n", "sturdy");
  for (int i = 0; i < 2'000; ++i) {
    if (store_->ReadApplied("fragile", TenantId{"acme"})->position >= Position{20}) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GE(store_->ReadApplied("fragile", TenantId{"acme"})->position, Position{20});
}

// Metrics and statuses look at every tenant again and again: nobody is held for it.
TEST_F(MemoryTest, WhoIsOnlyLookedAtLeavesAndCountsForNobody) {
  FillTenants();
  const size_t one = OneTenant();
  StartWithin(4 * one);
  std::atomic<bool> stop{false};
  {
    std::vector<base::Worker> lookers;
    for (int i = 0; i < 2; ++i) {
      lookers.emplace_back("looker", [&] {
        while (!stop) {
          runner_->Statuses();
          runner_->memory();
        }
      });
    }
    for (int i = 0; i < 300; ++i) {
      const std::string tenant = Tenant(static_cast<uint64_t>(i));
      Write(tenant, 0);
      ASSERT_EQ(Count(tenant, "n0"), written_[tenant]["n0"]);
      const auto watch = runner_->Watch(TenantId{tenant}, [] {});
      ASSERT_TRUE(watch.ok()) << i << ": " << watch.status();
      runner_->Unwatch(*watch);
    }
    stop = true;
  }
  AwaitNothingLoading();
  EXPECT_LE(runner_->memory().bytes, 4 * one);
  EXPECT_GT(runner_->memory().evictions, 200u);
}

TEST_F(MemoryTest, WhoIsRefusedAWatchLeavesNothingBehind) {
  FillTenants();
  StartWithin(OneTenant());
  Count(Tenant(0), "n0");
  const auto watch = runner_->Watch(TenantId{Tenant(0)}, [] {});
  ASSERT_TRUE(watch.ok());
  for (uint64_t i = 1; i < kTenants; ++i) {
    EXPECT_EQ(base::ReasonOf(runner_->Watch(TenantId{Tenant(i)}, [] {}).status()), "OVERLOADED");
  }
  EXPECT_EQ(runner_->memory().tenants, 1u);
  runner_->Unwatch(*watch);
}

}  // namespace
}  // namespace dealog::projections
