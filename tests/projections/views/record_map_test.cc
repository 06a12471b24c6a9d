// Method: a std::map is the oracle, over ids that come in order, in reverse and at random, so many
// that every level splits. Copies taken on the way are compared with copies of the oracle at the
// end, when the original was edited ever since. Then readers copy, read and drop while a writer
// edits (run under ThreadSanitizer as well).
#include "projections/views/record_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"

namespace dealog::projections {
namespace {

struct Record {
  explicit Record(std::string_view id) : id(id) { ++made; }
  Record(const Record& other) : id(other.id), value(other.value) { ++cloned; }
  Record& operator=(const Record&) = delete;

  std::string id;
  int value = 0;
  static inline std::atomic<int> made = 0;
  static inline std::atomic<int> cloned = 0;
};

using Map = RecordMap<Record>;
using Oracle = std::map<std::string, int, std::less<>>;

// Long enough for the heap, and in the order of numbers.
std::string IdOf(int number) {
  const std::string digits = std::to_string(number);
  return "contact_0000000000" + std::string(8 - digits.size(), '0') + digits;
}

void ExpectSame(const Map& map, const Oracle& oracle) {
  ASSERT_EQ(map.size(), oracle.size());
  EXPECT_EQ(map.empty(), oracle.empty());
  auto expected = oracle.begin();
  for (const auto& [id, record] : map) {
    ASSERT_NE(expected, oracle.end());
    ASSERT_EQ(id, expected->first);
    ASSERT_EQ(record.id, id);
    ASSERT_EQ(record.value, expected->second) << id;
    ++expected;
  }
  EXPECT_EQ(expected, oracle.end());
}

void ExpectSameAt(const Map& map, const Oracle& oracle, std::string_view id) {
  const auto found = oracle.find(id);
  const Record* record = map.Find(id);
  ASSERT_EQ(record != nullptr, found != oracle.end()) << id;
  if (record != nullptr) {
    ASSERT_EQ(record->value, found->second) << id;
  }
  auto expected = oracle.lower_bound(id);
  auto at = map.LowerBound(id);
  for (int i = 0; i < 3 && expected != oracle.end(); ++i, ++expected, ++at) {
    ASSERT_NE(at, map.end()) << id;
    ASSERT_EQ((*at).id, expected->first);
  }
  ASSERT_EQ(at == map.end(), expected == oracle.end()) << id;
}

TEST(RecordMap, AnEmptyOneHasNothing) {
  const Map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.begin(), map.end());
  EXPECT_EQ(map.LowerBound(""), map.end());
}

TEST(RecordMap, IsAMapInWhateverOrderIdsCome) {
  // Three levels: more than two branches of full leaves.
  constexpr int kCount = 3 * static_cast<int>(kRecordNodeMax * kRecordNodeMax);
  for (const int order : {1, -1, 7919}) {
    Map map;
    Oracle oracle;
    for (int i = 0; i < kCount; ++i) {
      const int number = order > 0 ? i * order % kCount : kCount - 1 - i;
      // Even ones, so that there is something to miss between them.
      map.Edit(IdOf(2 * number)).value = i;
      oracle[IdOf(2 * number)] = i;
    }
    ExpectSame(map, oracle);
    for (int number = -1; number <= 2 * kCount; ++number) {
      ExpectSameAt(map, oracle, number < 0 ? "" : IdOf(number));
    }
  }
}

TEST(RecordMap, ACopyNeverChanges) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    std::mt19937 random(seed);
    Map map;
    Oracle oracle;
    struct Copy {
      Map map;
      Oracle oracle;
    };
    std::vector<Copy> copies;
    const int ids = seed % 2 == 0 ? 500 : 20'000;
    for (int step = 0; step < 40'000; ++step) {
      const std::string id = IdOf(static_cast<int>(random() % ids));
      map.Edit(id).value = step;
      oracle[id] = step;
      if (random() % 2'000 == 0) copies.push_back({map, oracle});
      if (random() % 4'000 == 0 && !copies.empty()) {
        copies.erase(copies.begin() + static_cast<ptrdiff_t>(random() % copies.size()));
      }
      if (random() % 8'000 == 0 && !copies.empty()) {  // A copy is a map as any other.
        Copy& copy = copies[random() % copies.size()];
        copy.map.Edit(id).value = -step;
        copy.oracle[id] = -step;
      }
    }
    ASSERT_GT(copies.size(), 2u);
    ExpectSame(map, oracle);
    for (const Copy& copy : copies) ExpectSame(copy.map, copy.oracle);
  }
}

TEST(RecordMap, ClonesOnlyWhatIsEditedWhileItIsShared) {
  Map map;
  for (int i = 0; i < 10'000; ++i) map.Edit(IdOf(i));
  Record::made = Record::cloned = 0;
  map.Edit(IdOf(7)).value = 1;
  EXPECT_EQ(Record::cloned, 0) << "nobody shares it";
  std::optional<Map> copy = map;
  EXPECT_EQ(Record::cloned, 0);
  map.Edit(IdOf(7)).value = 2;
  map.Edit(IdOf(7)).value = 3;
  EXPECT_EQ(Record::cloned, 1) << "once per copy";
  EXPECT_EQ(copy->Find(IdOf(7))->value, 1);
  EXPECT_EQ(copy->Find(IdOf(8)), map.Find(IdOf(8)));
  copy.reset();
  map.Edit(IdOf(8)).value = 4;
  EXPECT_EQ(Record::cloned, 1);
  EXPECT_EQ(Record::made, 0);
}

TEST(RecordMap, RecordsStayWhereTheyAreWhileOthersAreAdded) {
  Map map;
  const Record* const first = &map.Edit(IdOf(5'000));
  for (int i = 0; i < 10'000; ++i) map.Edit(IdOf(i)).value = i;
  EXPECT_EQ(map.Find(IdOf(5'000)), first);
}

// Copies are taken under a shared lock and read after it; edits are made under the exclusive one.
TEST(RecordMap, ReadersCopyAndDropWhileAWriterEdits) {
  constexpr int kReaders = 3;
  constexpr int kCopies = 200;
  constexpr int kIds = 5'000;
  base::SharedMutex mu;
  Map map;
  for (int i = 0; i < kIds; ++i) map.Edit(IdOf(i));
  std::atomic<bool> stop = false;
  std::atomic<int> copies = 0;
  std::atomic<int> torn = 0;
  const auto read = [&] {
    const Map copy = [&] {
      const base::ReaderLock lock(mu);
      return map;
    }();
    // The writer adds 1 to two neighbours at once.
    bool whole = copy.size() >= kIds;
    for (int i = 0; i + 1 < kIds; i += 2) {
      whole = whole && copy.Find(IdOf(i))->value == copy.Find(IdOf(i + 1))->value;
    }
    if (!whole) ++torn;
    ++copies;
  };
  std::vector<std::unique_ptr<base::Worker>> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<base::Worker>("reader", [&] {
      while (!stop) read();
    }));
  }
  std::mt19937 random(1);
  for (int added = kIds; copies < kCopies; ++added) {
    const int even = static_cast<int>(random() % kIds) / 2 * 2;
    const base::WriterLock lock(mu);
    ++map.Edit(IdOf(even)).value;
    ++map.Edit(IdOf(even + 1)).value;
    map.Edit(IdOf(added));
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace dealog::projections
