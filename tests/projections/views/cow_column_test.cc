// Method: columns, pools and dictionaries beside plain vectors, under random writes; copies taken
// on the way say at the end what the plain vectors said then.

#include "projections/views/cow_column.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "projections/views/append_only.h"
#include "projections/views/deals_symbols.h"
#include "projections/views/dictionary.h"
#include "projections/views/slot_pool.h"

namespace dealog::projections {
namespace {

// Small chunks, so that few values have many.
using Numbers = CowColumn<int64_t, 4>;

std::vector<int64_t> ValuesOf(const Numbers& column) {
  std::vector<int64_t> values;
  column.ForEachChunk([&](size_t first, std::span<const int64_t> chunk) {
    EXPECT_EQ(first, values.size());
    values.insert(values.end(), chunk.begin(), chunk.end());
  });
  EXPECT_EQ(values.size(), column.size());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(column[i], values[i]);
  return values;
}

TEST(CowColumn, CopiesKeepWhatTheySaid) {
  std::mt19937_64 random(1);
  Numbers column;
  std::vector<int64_t> plain;
  std::vector<std::pair<Numbers, std::vector<int64_t>>> copies;
  for (int step = 0; step < 3'000; ++step) {
    const uint64_t what = random() % 10;
    if (what == 0 && plain.size() < 200) {
      plain.resize(plain.size() + random() % 6, step);
      column.Resize(plain.size(), step);
    } else if (what == 1) {
      copies.emplace_back(column, plain);
      if (copies.size() > 8) copies.erase(copies.begin() + static_cast<long>(random() % 8));
    } else if (!plain.empty()) {
      const size_t place = random() % plain.size();
      plain[place] = what % 2 == 0 ? plain[place] : step;
      column.Set(place, plain[place]);
    }
  }
  EXPECT_GT(plain.size(), 100u);
  EXPECT_EQ(ValuesOf(column), plain);
  ASSERT_EQ(copies.size(), 8u);
  for (const auto& [copy, then] : copies) EXPECT_EQ(ValuesOf(copy), then);
}

TEST(SlotPool, CopiesKeepWhatTheySaid) {
  constexpr size_t kDeals = 1'300;  // More than two chunks.
  std::mt19937_64 random(2);
  SlotPool<uint64_t> pool;
  std::vector<std::vector<uint64_t>> plain;
  std::vector<std::pair<SlotPool<uint64_t>, std::vector<std::vector<uint64_t>>>> copies;
  while (plain.size() < kDeals) {
    plain.resize(plain.size() + 1 + random() % 300);
    pool.Resize(plain.size());
    for (int step = 0; step < 400; ++step) {
      const auto deal = static_cast<DealIndex>(random() % plain.size());
      plain[deal].resize(random() % 7, random());
      pool.Assign(deal, plain[deal]);
    }
    copies.emplace_back(pool, plain);
  }
  ASSERT_GE(copies.size(), 4u);
  for (const auto& [copy, then] : copies) {
    for (DealIndex deal = 0; deal < then.size(); ++deal) {
      EXPECT_TRUE(std::ranges::equal(copy.Of(deal), then[deal])) << deal;
    }
  }
}

TEST(Dictionary, NumbersAndTextsStayWhereTheyAre) {
  Dictionary dictionary;
  std::vector<std::string_view> texts;
  for (uint32_t number = 0; number < 10'000; ++number) {
    EXPECT_EQ(dictionary.Lookup(std::to_string(number)), std::nullopt);
    EXPECT_EQ(dictionary.Intern(std::to_string(number)), number);
    texts.push_back(dictionary.Text(number));
  }
  EXPECT_EQ(dictionary.size(), 10'000u);
  for (uint32_t number = 0; number < 10'000; ++number) {
    EXPECT_EQ(texts[number], std::to_string(number)) << "a text does not move";
    EXPECT_EQ(dictionary.Intern(texts[number]), number);
    EXPECT_EQ(dictionary.Lookup(std::to_string(number)), number);
  }
}

TEST(Symbols, ACopyKnowsNothingThatCameLater) {
  Symbols symbols;
  const Symbol early = symbols.Intern("early");
  const Symbols copy = symbols;
  const Symbol late = symbols.Intern("late");
  EXPECT_EQ(late, copy.size());
  EXPECT_EQ(copy.Find("early"), early);
  EXPECT_EQ(copy.Find("late"), kNoSymbol);
  EXPECT_EQ(symbols.Find("late"), late);
}

}  // namespace
}  // namespace dealog::projections
