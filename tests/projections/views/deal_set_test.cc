// Method: random additions and removals, at several densities, beside a std::set; unions and
// intersections of such sets beside those of std::set.

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "projections/views/deal_set.h"

namespace dealog::projections {
namespace {

using Numbers = std::set<DealIndex>;

std::vector<DealIndex> ListOf(const DealSet& set) {
  std::vector<DealIndex> list;
  set.ForEach([&list](DealIndex deal) { list.push_back(deal); });
  return list;
}

void ExpectSame(const DealSet& set, const Numbers& numbers) {
  ASSERT_EQ(set.size(), numbers.size());
  ASSERT_EQ(set.empty(), numbers.empty());
  ASSERT_TRUE(std::ranges::equal(ListOf(set), numbers));
  ASSERT_EQ(set.First(), numbers.empty() ? kNoDeal : *numbers.begin());
  for (DealIndex deal = 0; deal < 70; ++deal) {
    ASSERT_EQ(set.Contains(deal), numbers.contains(deal));
  }
}

struct Pair {
  DealSet set;
  Numbers numbers;
};

// One in `sparsity` of the deals below `limit`.
Pair MakePair(std::mt19937_64& random, DealIndex limit, uint64_t sparsity) {
  Pair pair;
  for (DealIndex deal = 0; deal < limit; ++deal) {
    if (random() % sparsity != 0) continue;
    pair.set.Add(deal);
    pair.numbers.insert(deal);
  }
  return pair;
}

TEST(DealSet, IsASetAtAnyDensity) {
  std::mt19937_64 random(1);
  for (const DealIndex limit : {3U, 100U, 5'000U}) {
    DealSet set;
    Numbers numbers;
    // Fills up, which makes it dense, then empties, which makes it sparse again.
    for (uint64_t step = 0; step < 6ULL * limit; ++step) {
      const auto deal = static_cast<DealIndex>(random() % limit);
      if (random() % 100 < (step < 3ULL * limit ? 80 : 20)) {
        if (numbers.insert(deal).second) set.Add(deal);
      } else if (numbers.erase(deal) > 0) {
        set.Remove(deal);
      }
      if (step % (limit / 3) == 0) ExpectSame(set, numbers);
    }
    for (const DealIndex deal : numbers) set.Remove(deal);
    ExpectSame(set, {});
  }
}

TEST(DealSet, TakesFewBytesWhateverItsForm) {
  std::mt19937_64 random(2);
  for (const uint64_t sparsity : {1ULL, 10ULL, 100ULL, 10'000ULL}) {
    const Pair pair = MakePair(random, 200'000, sparsity);
    // Twice, for vectors that grow.
    const size_t bytes = std::min<size_t>(pair.numbers.size() * 4, 200'000 / 8);
    EXPECT_LE(pair.set.ApproximateBytes(), sizeof(DealSet) + 2 * bytes + 64) << sparsity;
  }
  // Who lies far beyond the others costs no bit of those between.
  Pair pair = MakePair(random, 64, 2);
  pair.set.Add(1'000'000);
  pair.numbers.insert(1'000'000);
  ExpectSame(pair.set, pair.numbers);
  pair.set.Add(1'000'001);
  EXPECT_LT(pair.set.ApproximateBytes(), 1'000u);
}

TEST(DealSet, UnionsAndIntersections) {
  std::mt19937_64 random(3);
  const std::vector<uint64_t> densities = {1, 2, 40, 1'000, 100'000};
  for (const uint64_t a_sparsity : densities) {
    for (const uint64_t b_sparsity : densities) {
      const Pair a = MakePair(random, 20'000, a_sparsity);
      const Pair b = MakePair(random, 12'000, b_sparsity);
      Numbers both;
      std::ranges::set_intersection(a.numbers, b.numbers, std::inserter(both, both.end()));
      DealSet intersection = a.set;
      intersection.IntersectWith(b.set);
      ExpectSame(intersection, both);
      intersection = b.set;
      intersection.IntersectWith(a.set);
      ExpectSame(intersection, both);

      Numbers any = a.numbers;
      any.insert(b.numbers.begin(), b.numbers.end());
      const DealSet* const sets[] = {&a.set, &b.set};
      ExpectSame(DealSet::Union(sets), any);
      // It goes on as a set.
      DealSet more = DealSet::Union(sets);
      more.Add(30'000);
      any.insert(30'000);
      ExpectSame(more, any);
    }
  }
  ExpectSame(DealSet::Union({}), {});
}

TEST(DealSet, HoldsADealOnce) {
  std::mt19937_64 random(4);
  for (const uint64_t sparsity : {1ULL, 1'000ULL}) {
    Pair pair = MakePair(random, 5'000, sparsity);
    const DealIndex first = *pair.numbers.begin();
    EXPECT_DEATH(pair.set.Add(first), "once");
    pair.set.Remove(first);
    EXPECT_DEATH(pair.set.Remove(first), "leaves");
  }
}

}  // namespace
}  // namespace dealog::projections
