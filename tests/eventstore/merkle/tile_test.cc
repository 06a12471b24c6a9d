// Method: the examples of C2SP tlog-tiles by hand; then a growing tree whose tiles must give the
// roots that a frontier computes, for its size and for every older one.

#include "eventstore/merkle/tile.h"

#include <gmock/gmock.h>

#include <map>

#include "absl/strings/str_cat.h"

namespace dealog::eventstore {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(TilePath, IsThatOfTheSpecification) {
  EXPECT_EQ(TilePath({0, 1234067}), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({1, 0}), "tile/1/000");
  EXPECT_EQ(TilePath({0, 999}), "tile/0/999");
  EXPECT_EQ(TilePath({2, 1000}, 112), "tile/2/x001/000.p/112");
  EXPECT_EQ(EntryBundlePath(273, 112), "tile/entries/273.p/112");
  EXPECT_EQ(EntryBundlePath(0), "tile/entries/000");
}

TEST(TilesOf, AreThoseOfTheSpecificationsExamples) {
  EXPECT_TRUE(TilesOf(0).empty());
  EXPECT_THAT(TilesOf(256), ElementsAre(Pair(TileId{0, 0}, 256), Pair(TileId{1, 0}, 1)));
  const auto tiles = TilesOf(70'000);
  ASSERT_EQ(tiles.size(), 273u + 1 + 1 + 1 + 1);
  for (uint64_t i = 0; i < 273; ++i) {
    EXPECT_EQ(tiles[i], std::pair(TileId({0, i}), uint64_t{256}));
  }
  EXPECT_THAT(std::vector(tiles.begin() + 273, tiles.end()),
              ElementsAre(Pair(TileId{0, 273}, 112), Pair(TileId{1, 0}, 256),
                          Pair(TileId{1, 1}, 17), Pair(TileId{2, 0}, 1)));
  for (const auto& [tile, width] : tiles) EXPECT_EQ(TileWidthAt(tile, 70'000), width);
  EXPECT_EQ(TileWidthAt({0, 274}, 70'000), 0u);
  EXPECT_EQ(TileWidthAt({3, 0}, 70'000), 0u);
}

// Tiles as a store keeps them.
struct Store {
  std::map<TileId, std::string> tiles;

  void Take(TileWriter& writer) {
    for (TileWriter::Tile& tile : writer.TakeChanged()) {
      const std::string& before = tiles[tile.id];
      EXPECT_TRUE(tile.bytes.starts_with(before)) << "a tile only grows";
      EXPECT_GT(tile.bytes.size(), before.size()) << "it was not changed";
      tiles[tile.id] = std::move(tile.bytes);
    }
  }
  absl::StatusOr<std::string> operator()(TileId id) const {
    const auto found = tiles.find(id);
    return found == tiles.end() ? std::string() : found->second;
  }
  absl::StatusOr<Digest> Root(uint64_t size) const {
    return RootOf(size, [this](TreeNode node) { return NodeInTiles(node, *this); });
  }
};

Digest LeafAt(uint64_t i) { return HashLeaf(absl::StrCat(i)); }

TEST(TileWriter, GivesTheRootsOfEverySize) {
  constexpr uint64_t kLeaves = 66'000;  // Beyond 256 * 256: three levels.
  TileWriter writer;
  TreeFrontier frontier;
  Store store;
  std::map<uint64_t, Digest> roots;
  for (uint64_t i = 0; i < kLeaves; ++i) {
    writer.Append(LeafAt(i));
    frontier.Append(LeafAt(i));
    const uint64_t size = i + 1;
    // Around the borders of tiles, and now and then between.
    if (size % 256 < 2 || size % 256 == 255 || size % 1009 == 0 || size == kLeaves) {
      store.Take(writer);
      roots[size] = frontier.Root();
      EXPECT_EQ(store.Root(size).value(), roots[size]) << size;
    }
  }
  for (const auto& [size, root] : roots) EXPECT_EQ(store.Root(size).value(), root) << size;
  std::map<TileId, uint64_t> widths;
  for (const auto& [id, bytes] : store.tiles) widths[id] = bytes.size() / kHashBytes;
  const auto expected = TilesOf(kLeaves);
  EXPECT_EQ(widths, (std::map<TileId, uint64_t>(expected.begin(), expected.end())));
}

TEST(TileWriter, GoesOnFromItsTiles) {
  TileWriter whole;
  Store expected;
  for (uint64_t i = 0; i < 1000; ++i) whole.Append(LeafAt(i));
  expected.Take(whole);
  Store store;
  uint64_t size = 0;
  for (const uint64_t step : {1, 254, 1, 1, 255, 256, 232}) {
    TileWriter writer = TileWriter::Open(size, store).value();
    EXPECT_EQ(writer.size(), size);
    EXPECT_TRUE(writer.TakeChanged().empty());
    for (uint64_t i = 0; i < step; ++i) writer.Append(LeafAt(size++));
    store.Take(writer);
  }
  ASSERT_EQ(size, 1000u);
  EXPECT_EQ(store.tiles, expected.tiles);
}

// A store that kept a newer tile than the size it names goes on from that size.
TEST(TileWriter, CutsATileThatIsAhead) {
  TileWriter writer;
  Store store;
  for (uint64_t i = 0; i < 10; ++i) writer.Append(LeafAt(i));
  store.Take(writer);
  TileWriter behind = TileWriter::Open(4, store).value();
  behind.Append(LeafAt(4));
  const auto changed = behind.TakeChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].bytes.size(), 5 * kHashBytes);
  EXPECT_TRUE(store.tiles.at({0, 0}).starts_with(changed[0].bytes));
}

TEST(Tiles, RefuseWhatIsTooShort) {
  const auto short_tile = [](TileId) -> absl::StatusOr<std::string> {
    return std::string(32, 'x');
  };
  EXPECT_TRUE(NodeInTiles({0, 0}, short_tile).ok());
  const auto node = NodeInTiles({0, 1}, short_tile);
  EXPECT_EQ(node.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(node.status().message()), testing::HasSubstr("tile/0/000"));
  EXPECT_FALSE(NodeInTiles({1, 0}, short_tile).ok());
  EXPECT_FALSE(TileWriter::Open(2, short_tile).ok());
}

}  // namespace
}  // namespace dealog::eventstore
