// Method: waits of toy tenants are added, reached, expired and closed by hand; each must be
// answered once, by what it waited for.

#include "projections/runtime/waiters.h"

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dealog::projections {
namespace {

using eventstore::Position;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WaitersTest : public ::testing::Test {
 protected:
  static TenantPtr MakeTenant(const std::string& name, uint64_t reached, ViewSet ready) {
    auto tenant =
        std::make_shared<TenantState>(eventstore::TenantId{name}, eventstore::PartitionId{0}, 2);
    tenant->reached = reached;
    tenant->ready = ready;
    return tenant;
  }
  void Add(const TenantPtr& tenant, uint64_t position, ViewSet views, int deadline_s,
           const std::string& name) {
    waiters_.Add({.tenant = TenantHold(tenant),
                  .position = Position{position},
                  .views = views,
                  .deadline = At(deadline_s),
                  .done = [this, name](const absl::Status& status) {
                    answers_.push_back(status.ok() ? name : name + " " + base::ReasonOf(status));
                  }});
  }
  static absl::Time At(int seconds) { return absl::FromUnixSeconds(seconds); }
  std::vector<std::string> Answers() { return std::exchange(answers_, {}); }

  std::vector<std::string> answers_;
  Waiters waiters_;
};

TEST_F(WaitersTest, AreReachedByPositionAndViews) {
  const TenantPtr acme = MakeTenant("acme", 5, 0b01);
  const TenantPtr beta = MakeTenant("beta", 5, 0b11);
  Add(acme, 7, 0b01, 10, "seven");
  Add(acme, 5, 0b10, 10, "other view");
  Add(acme, 5, 0b01, 10, "five");
  Add(beta, 6, 0b01, 10, "of beta");
  EXPECT_EQ(acme->holders, 3);
  waiters_.Reached(*acme);
  EXPECT_THAT(Answers(), ElementsAre("five"));
  acme->reached = 7;
  waiters_.Reached(*acme);
  EXPECT_THAT(Answers(), ElementsAre("seven"));
  acme->ready = 0b11;
  waiters_.Reached(*acme);
  EXPECT_THAT(Answers(), ElementsAre("other view"));
  EXPECT_EQ(acme->holders, 0);
  EXPECT_EQ(beta->holders, 1);
}

// The follower hurries for those whom a commit helps, not for those who wait for a load.
TEST_F(WaitersTest, SayWhetherSomebodyWaitsForCommits) {
  const TenantPtr acme = MakeTenant("acme", 5, 0b00);
  Add(acme, 5, 0b01, 10, "load");
  EXPECT_FALSE(waiters_.AnyForCommits());
  Add(acme, 6, 0b01, 20, "commit");
  EXPECT_TRUE(waiters_.AnyForCommits());
  waiters_.Expire(At(20));
  EXPECT_THAT(Answers(), ElementsAre("load VIEW_BEHIND", "commit VIEW_BEHIND"));
  EXPECT_FALSE(waiters_.AnyForCommits());
}

TEST_F(WaitersTest, ExpireInTheOrderOfTheirDeadlines) {
  const TenantPtr acme = MakeTenant("acme", 0, 0b11);
  EXPECT_EQ(waiters_.NextDeadline(), absl::InfiniteFuture());
  Add(acme, 1, 0b01, 30, "30");
  Add(acme, 2, 0b01, 10, "10");
  Add(acme, 1, 0b01, 10, "10 too");
  EXPECT_EQ(waiters_.NextDeadline(), At(10));
  waiters_.Expire(At(9));
  EXPECT_THAT(Answers(), IsEmpty());
  waiters_.Expire(At(10));
  EXPECT_THAT(Answers(), ElementsAre("10 VIEW_BEHIND", "10 too VIEW_BEHIND"));
  EXPECT_EQ(waiters_.NextDeadline(), At(30));
  acme->reached = 2;
  waiters_.Reached(*acme);
  EXPECT_THAT(Answers(), ElementsAre("30"));
}

TEST_F(WaitersTest, AreFailedByTheEnd) {
  const TenantPtr acme = MakeTenant("acme", 0, 0b11);
  Add(acme, 1, 0b01, 30, "before");
  waiters_.Close(base::Error(absl::StatusCode::kUnavailable, "NOT_READY", "stopping"));
  Add(acme, 1, 0b01, 30, "after");
  EXPECT_THAT(Answers(), ElementsAre("before NOT_READY", "after NOT_READY"));
  waiters_.Reached(*acme);
  waiters_.Expire(At(100));
  EXPECT_THAT(Answers(), IsEmpty());
}

}  // namespace
}  // namespace dealog::projections
