// Method: subscribers at chosen places of a memory log whose commits have chosen times.

#include "services/rpc/subscriber_set.h"

#include <gmock/gmock.h>

#include "eventstore/memory/memory_log.h"
#include "services/rpc/limits.h"
#include "tests/support/event_log_commits.h"

namespace dealog::rpc {
namespace {

using eventstore::MakeCommit;
using eventstore::MakeEvent;
using eventstore::Position;

constexpr int64_t kSecond = 1'000'000;
const eventstore::TenantId kAcme{"acme"};

class SubscriberSetTest : public ::testing::Test {
 protected:
  SubscriberSetTest() {
    for (const int64_t seconds : {100, 200, 300}) {
      const auto written = eventstore::AppendOne(
          *log_, MakeCommit("acme", {MakeEvent("deal/1")}, seconds * kSecond));
      EXPECT_TRUE(written.ok()) << written.status();
    }
  }
  SubscriberSet::Lag Measure() { return set_.Measure(*log_, 301 * kSecond); }

  std::unique_ptr<eventstore::EventLog> log_ = eventstore::MakeMemoryLog({});
  SubscriberSet set_;
};

TEST_F(SubscriberSetTest, NobodyLagsWhereNobodySubscribes) {
  EXPECT_EQ(Measure().subscribers, 0u);
  EXPECT_EQ(Measure().events_max, 0u);
  EXPECT_EQ(Measure().seconds_max, 0);
}

TEST_F(SubscriberSetTest, TellsOfTheWorst) {
  const SubscriberSet::Subscriber level(set_, kAcme, Position{3});
  const SubscriberSet::Subscriber behind(set_, kAcme, Position{1});
  EXPECT_EQ(Measure().subscribers, 2u);
  EXPECT_EQ(Measure().events_max, 2u);
  EXPECT_DOUBLE_EQ(Measure().seconds_max, 101) << "its next event was recorded at 200";
}

TEST_F(SubscriberSetTest, FollowsWhatWasSent) {
  SubscriberSet::Subscriber subscriber(set_, kAcme, Position{0});
  EXPECT_EQ(Measure().events_max, 3u);
  subscriber.Sent(Position{2});
  EXPECT_EQ(Measure().events_max, 1u);
  EXPECT_DOUBLE_EQ(Measure().seconds_max, 1);
  subscriber.Sent(Position{3});
  EXPECT_EQ(Measure().events_max, 0u);
  EXPECT_EQ(Measure().seconds_max, 0);
}

TEST_F(SubscriberSetTest, ForgetsWhoLeft) {
  { const SubscriberSet::Subscriber gone(set_, kAcme, Position{0}); }
  EXPECT_EQ(Measure().subscribers, 0u);
  EXPECT_EQ(Measure().events_max, 0u);
}

TEST_F(SubscriberSetTest, ReadsForTheFewThatAreMostBehind) {
  std::vector<std::unique_ptr<SubscriberSet::Subscriber>> many;
  for (size_t i = 0; i < kLagReadsMax; ++i) {
    many.push_back(std::make_unique<SubscriberSet::Subscriber>(set_, kAcme, Position{1}));
  }
  const SubscriberSet::Subscriber less(set_, kAcme, Position{2});
  EXPECT_EQ(Measure().subscribers, kLagReadsMax + 1);
  EXPECT_DOUBLE_EQ(Measure().seconds_max, 101);
}

}  // namespace
}  // namespace dealog::rpc
