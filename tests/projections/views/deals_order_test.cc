// Method: random additions and removals beside a std::set, growing and then shrinking to nothing:
// the order from any place in either direction, counts, and that chunks stay filled; deals of one
// instant by id.

#include <algorithm>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/chunked_order.h"
#include "projections/views/deals_order.h"

namespace dealog::projections {
namespace {

using ::testing::ElementsAre;
using Order = ChunkedOrder<int>;

auto Below(int limit) {
  return [limit](int entry) { return entry < limit; };
}

// The first few from a place on, or before it.
std::vector<int> From(const Order& order, int begin, size_t count) {
  std::vector<int> seen;
  order.ForEachFrom(Below(begin), [&](int entry) {
    seen.push_back(entry);
    return seen.size() < count;
  });
  return seen;
}
std::vector<int> Back(const Order& order, int end, size_t count) {
  std::vector<int> seen;
  order.ForEachBack(Below(end), [&](int entry) {
    seen.push_back(entry);
    return seen.size() < count;
  });
  return seen;
}

void ExpectSame(const Order& order, const std::set<int>& expected, int place) {
  ASSERT_EQ(order.size(), expected.size());
  const auto at = expected.lower_bound(place);
  ASSERT_EQ(order.CountBefore(Below(place)),
            static_cast<size_t>(std::distance(expected.begin(), at)));
  const std::vector<int> after(at, expected.end());
  ASSERT_EQ(From(order, place, expected.size() + 1), after);
  std::vector<int> before(expected.begin(), at);
  std::reverse(before.begin(), before.end());
  ASSERT_EQ(Back(order, place, expected.size() + 1), before);
  // One alone, where there is one.
  const auto first = [](const std::vector<int>& all) {
    return std::vector<int>(all.begin(), all.begin() + (all.empty() ? 0 : 1));
  };
  ASSERT_EQ(From(order, place, 1), first(after));
  ASSERT_EQ(Back(order, place, 1), first(before));
  // Two neighbours hold more than half a chunk of 256.
  ASSERT_LE(order.chunk_count(), 2 * expected.size() / 129 + 1);
}

TEST(ChunkedOrder, IsASortedSet) {
  std::mt19937_64 random(7);
  Order order;
  std::set<int> expected;
  for (int i = 0; i < 60'000; ++i) {
    const int entry = static_cast<int>(random() % 12'000);
    if (random() % 100 < (i < 25'000 ? 75 : 25)) {
      if (expected.insert(entry).second) order.Insert(entry, Below(entry));
    } else if (expected.erase(entry) > 0) {
      order.Erase(entry, Below(entry));
    }
    if (i % 250 == 0) ExpectSame(order, expected, static_cast<int>(random() % 12'100));
  }
  for (const int entry : expected) order.Erase(entry, Below(entry));
  ExpectSame(order, {}, 5);
}

TEST(ChunkedOrder, ChunksStayFilledWhereverEntriesLeave) {
  for (const bool lower_first : {true, false}) {
    Order order;
    std::set<int> expected;
    for (int entry = 0; entry < 2'560; ++entry) {
      order.Insert(entry, Below(entry));
      expected.insert(entry);
    }
    EXPECT_EQ(order.chunk_count(), 10u) << "what is added in order wastes nothing";
    // Every second chunk nearly empties, then the others do.
    for (const bool lower : {lower_first, !lower_first}) {
      for (int entry = 0; entry < 2'560; ++entry) {
        if (entry / 256 % 2 != (lower ? 0 : 1) || entry % 256 < 3) continue;
        order.Erase(entry, Below(entry));
        expected.erase(entry);
      }
      ExpectSame(order, expected, 700);
    }
  }
}

TEST(ChunkedOrder, TakesManyAtOnce) {
  std::vector<int> sorted;
  for (int entry = 0; entry < 3'000; ++entry) sorted.push_back(2 * entry);
  Order order;
  order.Assign(sorted);
  std::set<int> expected(sorted.begin(), sorted.end());
  ExpectSame(order, expected, 4'001);
  for (int entry = 1; entry < 900; entry += 2) {
    order.Insert(entry, Below(entry));
    expected.insert(entry);
  }
  ExpectSame(order, expected, 801);
  order.Assign({});
  ExpectSame(order, {}, 1);
}

// Ids that run against the numbers.
DealIds Ids() {
  auto ids = std::make_shared<Dictionary>();
  for (const std::string_view id : {"d", "c", "b", "a"}) ids->Intern(id);
  return DealIds(ids);
}

TEST(OrderedDeals, OfOneInstantComeById) {
  const DealIds ids = Ids();
  OrderedDeals order;
  for (const DealIndex deal : {0U, 2U, 1U}) order.Insert({.at_us = 5, .deal = deal}, ids);
  order.Insert({.at_us = 4, .deal = 3}, ids);
  std::vector<DealIndex> seen;
  const auto see = [&seen](const OrderedDeals::Entry& entry) {
    seen.push_back(entry.deal);
    return true;
  };
  order.ForEach(see);
  EXPECT_THAT(seen, ElementsAre(3, 2, 1, 0));
  EXPECT_EQ(order.CountBefore(5), 1u);
  seen.clear();
  order.ForEachFrom(5, "bb", ids, see);
  EXPECT_THAT(seen, ElementsAre(1, 0));
  order.Erase({.at_us = 5, .deal = 2}, ids);
  seen.clear();
  order.ForEachFrom(4, "z", ids, see);
  EXPECT_THAT(seen, ElementsAre(1, 0));
}

TEST(OrderedDeals, HoldADealOnce) {
  const DealIds ids = Ids();
  OrderedDeals order;
  order.Insert({1, 1}, ids);
  EXPECT_DEATH(order.Insert({1, 1}, ids), "once");
  EXPECT_DEATH(order.Erase({1, 2}, ids), "leaves");
}

}  // namespace
}  // namespace dealog::projections
