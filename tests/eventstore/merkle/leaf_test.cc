// Method: the entry of a small event by hand, and events whose bytes are the same in another
// division.

#include "eventstore/merkle/leaf.h"

#include <gmock/gmock.h>

#include <set>

namespace dealog::eventstore {
namespace {

using namespace std::string_view_literals;  // NOLINT: bytes with zeros.

TEST(Leaf, IsTheHeaderAndTheHashOfTheStoredBody) {
  const std::string_view sealed[] = {"xy"sv, ""sv};
  const auto body = "\0\0\0\4open\0\0\0\2\0\0\0\2xy\0\0\0\0"sv;
  EXPECT_EQ(LeafEntry("header", "open", sealed),
            "header" + std::string(base::AsView(base::Sha256(body))));
  EXPECT_EQ(LeafEntry("h", "", {}),
            "h" + std::string(base::AsView(base::Sha256("\0\0\0\0\0\0\0\0"sv))));
}

TEST(Leaf, OfAnEventIsTheHashOfItsEntry) {
  const EventView event{.header = "h", .payload = "p", .sealed = {"s"}};
  EXPECT_EQ(LeafEntry(event), LeafEntry("h", "p", event.sealed));
  EXPECT_EQ(LeafOf(event), HashLeaf(LeafEntry(event)));
}

// Bytes that move between header, payload and sealed parts change the leaf.
TEST(Leaf, TellsEveryDivisionOfTheSameBytes) {
  const std::string_view ab[] = {"a", "b"};
  const std::string_view joined[] = {"ab"};
  const std::string_view with_empty[] = {"ab", ""};
  const std::set<std::string> entries = {
      LeafEntry("", "ab", {}),
      LeafEntry("a", "b", {}),
      LeafEntry("", "", ab),
      LeafEntry("", "", joined),
      LeafEntry("", "", with_empty),
      LeafEntry("ab", "", {}),
      LeafEntry("", "a", std::span(ab).subspan(1)),
  };
  EXPECT_EQ(entries.size(), 7u);
}

}  // namespace
}  // namespace dealog::eventstore
