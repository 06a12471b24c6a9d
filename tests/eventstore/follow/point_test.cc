// Method: points taken of a log, against that log, one cut short and another one.
#include "eventstore/follow/point.h"

#include <gmock/gmock.h>

#include <memory>

#include "eventstore/base/error.h"
#include "eventstore/memory/memory_log.h"
#include "tests/support/event_log_commits.h"
#include "tests/support/hooked_log.h"

namespace dealog::eventstore {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<EventLog> LogOf(int batches, const std::string& type) {
  auto log = MakeMemoryLog({});
  for (int i = 0; i < batches; ++i) {
    EXPECT_TRUE(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1", type)})).ok());
  }
  return log;
}

FollowPoint PointOf(const EventLog& log, uint64_t number) {
  return {{number}, log.BatchDigest({0}, {number}).value()};
}

TEST(FollowPoint, HoldsInTheLogThatItWasTakenOf) {
  const auto log = LogOf(3, "A");
  for (uint64_t number = 1; number <= 3; ++number) {
    EXPECT_TRUE(CheckPoint(*log, {0}, PointOf(*log, number)).ok()) << number;
  }
}

TEST(FollowPoint, HoldsBeforeTheFirstBatchOfAnyLog) {
  EXPECT_TRUE(CheckPoint(*LogOf(0, "A"), {0}, {}).ok());
  EXPECT_TRUE(CheckPoint(*LogOf(3, "A"), {0}, {{0}, "of no meaning"}).ok());
}

TEST(FollowPoint, AheadOfTheLogItIsTold) {
  const FollowPoint point = PointOf(*LogOf(3, "A"), 3);
  const absl::Status status = CheckPoint(*LogOf(2, "A"), {0}, point);
  EXPECT_TRUE(IsForked(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("expected batch 3 of partition 0"), HasSubstr("ends at 2")));
}

TEST(FollowPoint, WithAnotherDigestItIsTold) {
  const FollowPoint point = PointOf(*LogOf(3, "A"), 2);
  const absl::Status status = CheckPoint(*LogOf(3, "B"), {0}, point);
  EXPECT_TRUE(IsForked(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("expected batch 2"), HasSubstr("found another one")));
}

TEST(FollowPoint, ALogThatCantBeReadSaysNothingOfIt) {
  testing::HookedLog log(LogOf(3, "A"));
  const FollowPoint point = PointOf(log, 2);
  log.before_follow = [] { return absl::UnavailableError("not now"); };
  const absl::Status status = CheckPoint(log, {0}, point);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_FALSE(IsForked(status));
}

}  // namespace
}  // namespace dealog::eventstore
