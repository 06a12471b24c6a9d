// Method: changes in the order of their revisions, back-dated and not.

#include "projections/states/dated.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "projections/states/catalog.h"
#include "projections/states/contact.h"
#include "projections/states/organization.h"
#include "projections/states/pipeline.h"
#include "projections/states/workflow.h"

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

TEST(Recorded, TheNewestRevisionWins) {
  Recorded<int> value;
  EXPECT_FALSE(value.is_set());
  value.Set(1);
  value.Set(2);
  EXPECT_TRUE(value.is_set());
  EXPECT_EQ(value.value, 2);
}

// What holds a unique key is held from the commit on, whenever it occurred.
template <typename Field>
constexpr bool kIsRecorded = std::is_same_v<Field, Recorded<std::string>>;
static_assert(kIsRecorded<decltype(ContactState::email)>);
static_assert(kIsRecorded<decltype(OrganizationState::domain)>);
static_assert(kIsRecorded<decltype(MemberState::display_name)>);
static_assert(kIsRecorded<decltype(ProductState::display_name)>);
static_assert(kIsRecorded<decltype(PipelineState::display_name)>);
static_assert(kIsRecorded<decltype(WorkflowState::display_name)>);

TEST(DatedList, KeysStandWhereTheyCameInBusinessTime) {
  DatedList<int> list;
  list.Set("b", 1, 10);
  list.Set("a", 2, 20);
  EXPECT_EQ(list.Keys(), (std::vector<std::string>{"b", "a"}));
  list.Set("b", 3, 30);  // Another value, the same place.
  EXPECT_EQ(list.Keys(), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(*list.Find("b"), 3);
  list.Erase("b", 25);  // Back-dated: it came again at 30.
  EXPECT_EQ(list.Keys(), (std::vector<std::string>{"a", "b"}));
  list.Erase("a", 40);
  EXPECT_FALSE(list.Has("a"));
  list.Set("c", 4, 5);
  EXPECT_EQ(list.Keys(), (std::vector<std::string>{"c", "b"}));
  EXPECT_EQ(list.Find("d"), nullptr);
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
