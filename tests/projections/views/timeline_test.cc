// Method: examples of both rules; then every instant, as_of and known position of random timelines
// against a reading that goes through all values.

#include "projections/views/timeline.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "projections/states/catalog.h"

namespace dealog::projections {
namespace {

struct Added {
  int64_t at;
  uint64_t position;
  bool set;
};

// The value at the instant by the rule, in so many words.
const Added* Naive(const std::vector<Added>& added, TimelineRule rule, int64_t instant,
                   const Horizon& horizon) {
  const auto earlier = [](const Added& a, const Added& b) {
    return a.at != b.at ? a.at < b.at : a.position < b.position;
  };
  // The first value, among what is known, reaches back from anywhere.
  const Added* first = nullptr;
  for (const Added& each : added) {
    if (horizon.Knows(each.position) && each.set && (!first || earlier(each, *first))) {
      first = &each;
    }
  }
  if (first == nullptr) return nullptr;
  const Added* holds = nullptr;
  for (const Added& each : added) {
    if (!horizon.Includes(each.position, each.at) || each.at > instant) continue;
    if (earlier(each, *first)) continue;  // Cleared before it had a value.
    const bool later = rule == TimelineRule::kRecorded ? !holds || each.position > holds->position
                                                       : !holds || earlier(*holds, each);
    if (later) holds = &each;
  }
  return holds != nullptr ? holds : first;
}

class TimelineRules : public ::testing::TestWithParam<TimelineRule> {};

TEST_P(TimelineRules, SearchEqualsTheNaiveReading) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 100; ++round) {
    Timeline<int> timeline(GetParam());
    std::vector<Added> added;
    const uint64_t count = random() % 10;
    for (uint64_t position = 1; position <= count; ++position) {
      // A field that follows recorded time holds a key: it is not without a value first.
      const bool set =
          (GetParam() == TimelineRule::kRecorded && position == 1) || random() % 3 != 0;
      const int64_t at = GetParam() == TimelineRule::kRecorded && position == 1
                             ? 0
                             : static_cast<int64_t>(random() % 10);
      added.push_back({at, position, set});
      timeline.Add(position, at, set, static_cast<int>(position));
    }
    for (uint64_t known = 0; known <= count; ++known) {
      for (int64_t as_of = 0; as_of <= 11; ++as_of) {
        const Horizon horizon{.known_position = known, .as_of_us = as_of};
        for (int64_t instant = -1; instant <= 10; ++instant) {
          const Added* expected = Naive(added, GetParam(), instant, horizon);
          const int* found = timeline.At(instant, horizon);
          ASSERT_EQ(found != nullptr, expected != nullptr && expected->set);
          if (found != nullptr) {
            ASSERT_EQ(*found, static_cast<int>(expected->position));
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, TimelineRules,
                         ::testing::Values(TimelineRule::kBusiness, TimelineRule::kRecorded));

TEST(Timeline, LatestOccurredWinsAndTheFirstValueReachesBack) {
  Timeline<std::string> team;
  team.Add(1, 100, false, "");  // Known without a team.
  team.Add(2, 300, true, "North");
  team.Add(3, 500, false, "");      // Left it.
  team.Add(4, 400, true, "South");  // Back-dated.
  const auto at = [&team](int64_t instant, Horizon horizon = {}) {
    const std::string* value = team.At(instant, horizon);
    return value == nullptr ? std::string("-") : *value;
  };
  EXPECT_EQ(at(50), "North");
  EXPECT_EQ(at(299), "North");
  EXPECT_EQ(at(300), "North");
  EXPECT_EQ(at(400), "South");
  EXPECT_EQ(at(500), "-");
  EXPECT_EQ(at(450, {.known_position = 3}), "North");
  EXPECT_EQ(at(450, {.as_of_us = 400}), "North");
  EXPECT_EQ(at(50, {.as_of_us = 300}), "North") << "also before it was entered";
  EXPECT_EQ(at(kNever, {.as_of_us = 100}), "North");
  EXPECT_EQ(at(kNever, {.as_of_us = 501}), "-") << "cleared before";
  EXPECT_EQ(at(kNever, {.known_position = 1}), "-") << "nothing was known then";
}

TEST(Timeline, TheFieldsTypeIsItsRule) {
  states::MemberState first("");
  first.display_name.Set("Zoe");
  first.team.Set("North", 10);
  states::MemberState back_dated("");
  back_dated.display_name.Set("Zoe March");
  back_dated.team.Set("South", 5);
  Timeline<std::string> name;
  Timeline<std::string> team;
  const auto take = [&](const states::MemberState& set, uint64_t position, int64_t at) {
    name.Take(set.display_name, {.position = position, .occurred_at_us = at});
    team.Take(set.team, {.position = position, .occurred_at_us = at});
  };
  take(first, 1, 10);
  take(back_dated, 2, 5);
  take(states::MemberState(""), 3, 20);  // Sets neither.
  EXPECT_EQ(*name.Latest({}), "Zoe March");
  EXPECT_EQ(*team.Latest({}), "North");
  EXPECT_EQ(*name.Latest({.known_position = 1}), "Zoe");
  EXPECT_EQ(*team.At(7, {}), "South");
}

}  // namespace
}  // namespace dealog::projections
