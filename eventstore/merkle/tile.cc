#include "eventstore/merkle/tile.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

Digest HashAt(std::string_view tile, size_t i) {
  Digest hash;
  std::memcpy(hash.data(), tile.data() + i * kHashBytes, kHashBytes);
  return hash;
}

// The root over 2^height consecutive hashes.
Digest RootOver(std::string_view hashes) {
  const size_t count = hashes.size() / kHashBytes;
  if (count == 1) return HashAt(hashes, 0);
  const size_t half = hashes.size() / 2;
  return HashChildren(RootOver(hashes.substr(0, half)), RootOver(hashes.substr(half)));
}

uint64_t HashesAtLevel(int level, uint64_t size) { return size >> (level * kTileHeight); }

absl::Status TooShort(TileId tile, uint64_t expected, size_t found_bytes) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat(TilePath(tile), ": expected at least ", expected,
                                  " hashes of 32 bytes, found ", found_bytes,
                                  " bytes; the trees can be made anew: delete the folder `audit` "
                                  "of the stopped server"));
}

// "x001/x234/067", with ".p/W" for a partial one.
std::string IndexPath(uint64_t index, uint64_t width) {
  DEALOG_CHECK(width > 0 && width <= kTileWidth) << width;
  std::string path = absl::StrFormat("%03d", index % 1000);
  while ((index /= 1000) > 0) path = absl::StrFormat("x%03d/", index % 1000) + path;
  if (width < kTileWidth) absl::StrAppend(&path, ".p/", width);
  return path;
}

}  // namespace

uint64_t TileWidthAt(TileId tile, uint64_t size) {
  const uint64_t hashes = HashesAtLevel(tile.level, size);
  const uint64_t full = hashes / kTileWidth;
  if (tile.index < full) return kTileWidth;
  return tile.index == full ? hashes % kTileWidth : 0;
}

std::string TilePath(TileId tile, uint64_t width) {
  return absl::StrCat("tile/", tile.level, "/", IndexPath(tile.index, width));
}

std::string EntryBundlePath(uint64_t index, uint64_t width) {
  return absl::StrCat("tile/entries/", IndexPath(index, width));
}

std::vector<std::pair<TileId, uint64_t>> TilesOf(uint64_t size) {
  std::vector<std::pair<TileId, uint64_t>> tiles;
  for (int level = 0; level < kTileLevels; ++level) {
    const uint64_t hashes = HashesAtLevel(level, size);
    for (uint64_t index = 0; index * kTileWidth < hashes; ++index) {
      tiles.emplace_back(TileId{level, index}, std::min(kTileWidth, hashes - index * kTileWidth));
    }
  }
  return tiles;
}

absl::StatusOr<Digest> NodeInTiles(TreeNode node, TileReader tiles) {
  const int height = node.level % kTileHeight;  // Above the tile's own hashes.
  const uint64_t nodes_per_tile = kTileWidth >> height;
  const TileId tile{node.level / kTileHeight, node.index / nodes_per_tile};
  const uint64_t first = (node.index % nodes_per_tile) << height;
  const uint64_t count = uint64_t{1} << height;
  ASSIGN_OR_RETURN(const std::string bytes, tiles(tile));
  if (bytes.size() < (first + count) * kHashBytes) {
    return TooShort(tile, first + count, bytes.size());
  }
  return RootOver(std::string_view(bytes).substr(first * kHashBytes, count * kHashBytes));
}

absl::StatusOr<TileWriter> TileWriter::Open(uint64_t size, TileReader tiles) {
  TileWriter writer;
  writer.size_ = size;
  for (int level = 0; level < kTileLevels; ++level) {
    const TileId id{level, HashesAtLevel(level, size) / kTileWidth};
    const uint64_t width = TileWidthAt(id, size);
    if (width == 0) continue;
    ASSIGN_OR_RETURN(std::string bytes, tiles(id));
    if (bytes.size() < width * kHashBytes) return TooShort(id, width, bytes.size());
    bytes.resize(width * kHashBytes);
    writer.edge_[static_cast<size_t>(level)].bytes = std::move(bytes);
  }
  return writer;
}

void TileWriter::Append(const Digest& leaf) {
  ++size_;
  AppendTo(0, leaf);
}

void TileWriter::AppendTo(int level, const Digest& hash) {
  DEALOG_CHECK(level < kTileLevels);
  Edge& edge = edge_[static_cast<size_t>(level)];
  edge.bytes.append(base::AsView(hash));
  edge.changed = true;
  if (edge.bytes.size() < kTileWidth * kHashBytes) return;
  const TileId id{level, HashesAtLevel(level, size_) / kTileWidth - 1};
  const Digest root = RootOver(edge.bytes);
  full_.push_back({id, std::move(edge.bytes)});
  edge = {};
  AppendTo(level + 1, root);
}

std::vector<TileWriter::Tile> TileWriter::TakeChanged() {
  std::vector<Tile> changed = std::move(full_);
  full_.clear();
  for (int level = 0; level < kTileLevels; ++level) {
    Edge& edge = edge_[static_cast<size_t>(level)];
    if (!edge.changed) continue;
    edge.changed = false;
    changed.push_back({{level, HashesAtLevel(level, size_) / kTileWidth}, edge.bytes});
  }
  return changed;
}

}  // namespace dealog::eventstore
