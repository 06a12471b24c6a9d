// Method: changes in the order of their revisions, back-dated and not.

#include "projections/states/dated.h"

#include <gtest/gtest.h>

namespace dealog::states {
namespace {

TEST(Dated, TheLatestInTimeWinsTiesGoToTheLaterRevision) {
  Dated<int> value;
  value.Set(1, 10);
  value.Set(2, 5);
  EXPECT_EQ(value.value, 1);
  value.Set(3, 10);
  EXPECT_EQ(value.value, 3);
}

TEST(DatedMap, RemembersRemovals) {
  DatedMap<int> map;
  map.Set("a", 1, 10);
  map.Set("b", 2, 10);
  map.Erase("a", 20);
  map.Set("a", 3, 15);
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.Keys(), std::vector<std::string>{"b"});
  map.Erase("b", 5);
  EXPECT_TRUE(map.Has("b"));
  map.Set("a", 4, 20);
  EXPECT_EQ(*map.Find("a"), 4);
}

}  // namespace
}  // namespace dealog::states
