// Method: every way to copy, move and write a holder, by what the others see and by how often the
// value was cloned and destroyed; then readers that copy, read and drop while a writer edits (run
// under ThreadSanitizer as well).
#include "eventstore/base/cow.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"

namespace dealog::base {
namespace {

// Counts its copies and who lives.
struct Counted {
  explicit Counted(int value) : value(value) { ++alive; }
  Counted(const Counted& other) : value(other.value) {
    ++alive;
    ++clones;
  }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }

  int value;
  static inline int alive = 0;
  static inline int clones = 0;
};

class CowTest : public testing::Test {
 protected:
  CowTest() { Counted::alive = Counted::clones = 0; }
};

TEST_F(CowTest, ADefaultOneHoldsADefaultValue) {
  Cow<std::string> text;
  EXPECT_EQ(*text, "");
  text.Edit() = "a";
  EXPECT_EQ(*text, "a");
  EXPECT_EQ(text->size(), 1u);
}

TEST_F(CowTest, ACopySharesTheValueUntilEitherIsWritten) {
  Cow<Counted> original(std::in_place, 1);
  Cow<Counted> copy = original;
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(&*original, &*copy);
  EXPECT_TRUE(original.SharesWith(copy));

  original.Edit().value = 2;
  EXPECT_EQ(copy->value, 1);
  EXPECT_EQ(original->value, 2);
  EXPECT_FALSE(original.SharesWith(copy));
  EXPECT_EQ(Counted::clones, 1);

  // Each has its own now.
  copy.Edit().value = 3;
  original.Edit().value = 4;
  EXPECT_EQ(copy->value, 3);
  EXPECT_EQ(Counted::clones, 1);
}

TEST_F(CowTest, WhoHoldsItAloneIsNotCloned) {
  Cow<Counted> original(std::in_place, 1);
  { const Cow<Counted> copy = original; }
  original.Edit().value = 2;
  EXPECT_EQ(Counted::clones, 0);
  EXPECT_EQ(Counted::alive, 1);
}

TEST_F(CowTest, TheLastHolderDestroys) {
  {
    auto first = std::make_unique<Cow<Counted>>(std::in_place, 1);
    const Cow<Counted> second = *first;
    first.reset();
    EXPECT_EQ(second->value, 1);
    EXPECT_EQ(Counted::alive, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CowTest, Assigns) {
  Cow<Counted> a(std::in_place, 1);
  Cow<Counted> b(std::in_place, 2);
  b = a;
  EXPECT_EQ(b->value, 1);
  EXPECT_EQ(Counted::alive, 1);
  const Cow<Counted>& same = b;
  b = same;  // Itself.
  EXPECT_EQ(b->value, 1);
  EXPECT_EQ(Counted::alive, 1);
  b = Cow<Counted>(std::in_place, 3);
  EXPECT_EQ(b->value, 3);
  EXPECT_EQ(a->value, 1);
}

TEST_F(CowTest, MovesWithoutCloning) {
  Cow<Counted> a(std::in_place, 1);
  Cow<Counted> b = std::move(a);
  b.Edit().value = 2;
  EXPECT_EQ(Counted::clones, 0);
  a = std::move(b);  // What was moved from may be assigned to.
  EXPECT_EQ(a->value, 2);
  EXPECT_EQ(Counted::alive, 1);
}

TEST_F(CowTest, HoldersWithinAClonedValueAreShared) {
  Cow<std::vector<Cow<Counted>>> original;
  for (int i = 0; i < 3; ++i) original.Edit().emplace_back(std::in_place, i);
  const Cow<std::vector<Cow<Counted>>> copy = original;
  original.Edit()[1].Edit().value = 9;
  EXPECT_EQ(Counted::clones, 1) << "the outer value is cloned, of the inner ones the written alone";
  EXPECT_EQ((*copy)[1]->value, 1);
  EXPECT_EQ((*original)[1]->value, 9);
  EXPECT_TRUE((*copy)[0].SharesWith((*original)[0]));
}

TEST(CowDeathTest, WhatWasMovedAwayIsNotEdited) {
  Cow<int> a(std::in_place, 1);
  const Cow<int> b = std::move(a);
  EXPECT_EQ(*b, 1);
  EXPECT_DEATH(a.Edit(), "moved away");
}

// A copy is taken under a shared lock and read after it; edits are made under the exclusive one.
TEST(Cow, ReadersCopyAndDropWhileAWriterEdits) {
  constexpr int kReaders = 3;
  constexpr int kCopies = 20'000;
  SharedMutex mu;
  Cow<std::vector<int>> numbers(std::in_place, 16, 0);  // All alike at every instant.
  std::atomic<bool> stop = false;
  std::atomic<int> copies = 0;
  std::atomic<int> torn = 0;
  std::vector<std::unique_ptr<Worker>> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<Worker>("reader", [&] {
      while (!stop) {
        const auto copy = [&] {
          const ReaderLock lock(mu);
          return numbers;
        }();
        const Cow<std::vector<int>> again = copy;  // Copies of a copy need no lock.
        const int sum = std::accumulate(again->begin(), again->end(), 0);
        if (sum != again->front() * 16) ++torn;
        ++copies;
      }
    }));
  }
  int edits = 0;
  while (copies < kCopies) {
    const WriterLock lock(mu);
    ++edits;
    for (int& number : numbers.Edit()) number = edits;
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(numbers->front(), edits);
}

}  // namespace
}  // namespace dealog::base
