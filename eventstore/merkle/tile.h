#pragma once

// Tiles of a Merkle tree, as C2SP tlog-tiles lays them out: 256 consecutive hashes of 32 bytes.
//
//   tile (level l, index n), hash i  =  the root over the leaves
//                                       [(n · 256 + i) · 256^l, (n · 256 + i + 1) · 256^l)
//
// Level 0 holds leaf hashes; each hash above is the root of a full tile below. Nodes between the
// levels are hashed when they are asked for. A tile only ever grows at its end, so the bytes of a
// newer tile serve every older tree, too.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/merkle/tree.h"

namespace dealog::eventstore {

inline constexpr int kTileHeight = 8;
inline constexpr uint64_t kTileWidth = 256;
inline constexpr size_t kHashBytes = 32;
// Levels of tiles that a tree of 2^64 leaves has.
inline constexpr int kTileLevels = 8;

struct TileId {
  int level = 0;
  uint64_t index = 0;
  auto operator<=>(const TileId&) const = default;
};

// How many hashes the tile has in a tree of that size: 0 to 256.
uint64_t TileWidthAt(TileId tile, uint64_t size);

// "tile/0/x001/x234/067"; with ".p/W" behind it for a partial tile of 1 to 255 hashes (checked).
std::string TilePath(TileId tile, uint64_t width = kTileWidth);
// The path of the entries that tile (0, index) holds the hashes of: "tile/entries/067".
std::string EntryBundlePath(uint64_t index, uint64_t width = kTileWidth);

// The tiles of a tree of that size, with their widths, by level and index.
std::vector<std::pair<TileId, uint64_t>> TilesOf(uint64_t size);

// Returns a tile's bytes, at least as wide as the tree that is asked about needs.
using TileReader = absl::FunctionRef<absl::StatusOr<std::string>(TileId)>;
// A node out of tiles. DATA_LOSS / CORRUPT_RECORD if a tile is too short.
absl::StatusOr<Digest> NodeInTiles(TreeNode node, TileReader tiles);

// A tree that grows, with only its right edge in memory: at most 64 KiB.
// Thread safety: none.
class TileWriter {
 public:
  // The empty tree.
  TileWriter() : edge_(kTileLevels) {}
  // A tree whose partial tiles are read. Errors are those of `tiles`, or DATA_LOSS.
  static absl::StatusOr<TileWriter> Open(uint64_t size, TileReader tiles);

  void Append(const Digest& leaf);
  uint64_t size() const { return size_; }

  // The tiles that changed since the last call, whole, each once.
  struct Tile {
    TileId id;
    std::string bytes;
  };
  std::vector<Tile> TakeChanged();

 private:
  struct Edge {
    std::string bytes;     // The hashes of the level's partial tile.
    bool changed = false;  // Since TakeChanged.
  };
  void AppendTo(int level, const Digest& hash);

  uint64_t size_ = 0;
  std::vector<Edge> edge_;  // By level.
  std::vector<Tile> full_;  // Since TakeChanged.
};

}  // namespace dealog::eventstore
