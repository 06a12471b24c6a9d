// Method: lanes that meet must merge into the one that was there first, and none may vanish with
// views, nor the foremost without.

#include "projections/runtime/lane.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dealog::projections {
namespace {

using eventstore::BatchNumber;
using ::testing::ElementsAre;

TEST(Lanes, MergesThoseAtTheSameBatch) {
  Lanes lanes;
  lanes.Add(BatchNumber{7}, "d7", {2, 0});
  lanes.Add(BatchNumber{5}, "d5", {3});
  lanes.Add(BatchNumber{7}, "d7", {1});
  EXPECT_TRUE(lanes.Merge());
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_THAT(lanes[0].views, ElementsAre(0, 1, 2));
  EXPECT_THAT(lanes[1].views, ElementsAre(3));
  EXPECT_FALSE(lanes.Merge());
}

TEST(Lanes, PruneKeepsTheForemostOne) {
  Lanes lanes;
  lanes.Add(BatchNumber{7}, "", {0});
  lanes.Add(BatchNumber{5}, "", {1});
  lanes.Add(BatchNumber{3}, "", {2});
  lanes.Remove(0);
  lanes.Remove(1);
  lanes.Prune();
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_EQ(lanes[0].number, BatchNumber{7});
  EXPECT_THAT(lanes[1].views, ElementsAre(2));
}

}  // namespace
}  // namespace dealog::projections
