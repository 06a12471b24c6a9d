#include "services/cli/tile_export.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/bytes.h"
#include "eventstore/merkle/leaf.h"
#include "services/cli/audit_finding.h"
#include "services/cli/files.h"

namespace dealog::cli {
namespace {

// The format has two bytes for an entry's length.
constexpr size_t kEntryBytesMax = 65'535;

absl::Status WriteFile(const std::string& folder, const std::string& path,
                       const std::string& bytes) {
  const std::filesystem::path file = std::filesystem::path(folder) / path;
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return FileError(file.parent_path().string(),
                     absl::StrCat("the folder cannot be made: ", error.message()));
  }
  return WriteTextFile(file.string(), bytes);
}

}  // namespace

absl::Status TileExport::Add(const v1::StoredEvent& event) {
  const std::vector<std::string_view> sealed(event.sealed().begin(), event.sealed().end());
  const std::string entry = eventstore::LeafEntry(event.header(), event.payload(), sealed);
  if (entry.size() > kEntryBytesMax) {
    return base::Error(
        absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
        absl::StrCat("position ", tree_.size() + 1, ": expected an entry of at most ",
                     kEntryBytesMax, " bytes, as the tile format has it, found ", entry.size(),
                     "; export the events without --tiles"));
  }
  eventstore::AppendBig(bundle_, static_cast<uint16_t>(entry.size()));
  bundle_ += entry;
  const eventstore::Digest leaf = eventstore::HashLeaf(entry);
  tree_.Append(leaf);
  frontier_.Append(leaf);
  if (tree_.size() % eventstore::kTileWidth != 0) return absl::OkStatus();
  RETURN_IF_ERROR(WriteBundle(eventstore::kTileWidth));
  return WriteFullTiles();
}

absl::Status TileExport::WriteBundle(uint64_t width) {
  const uint64_t index = (tree_.size() - 1) / eventstore::kTileWidth;
  RETURN_IF_ERROR(WriteFile(folder_, eventstore::EntryBundlePath(index, width), bundle_));
  bundle_.clear();
  return absl::OkStatus();
}

absl::Status TileExport::WriteFullTiles() {
  for (eventstore::TileWriter::Tile& tile : tree_.TakeChanged()) {
    if (tile.bytes.size() < eventstore::kTileWidth * eventstore::kHashBytes) {
      partial_[tile.id] = std::move(tile.bytes);
      continue;
    }
    partial_.erase(tile.id);
    RETURN_IF_ERROR(WriteFile(folder_, eventstore::TilePath(tile.id), tile.bytes));
  }
  return absl::OkStatus();
}

absl::Status TileExport::Finish(const eventstore::Checkpoint& checkpoint, const std::string& note) {
  if (checkpoint.size != frontier_.size() || checkpoint.root != frontier_.Root()) {
    return AuditFailure(absl::StrCat("the ", frontier_.size(),
                                     " events are not those that the checkpoint of size ",
                                     checkpoint.size, " was signed for"));
  }
  RETURN_IF_ERROR(WriteFullTiles());
  for (const auto& [id, bytes] : partial_) {
    const uint64_t width = bytes.size() / eventstore::kHashBytes;
    RETURN_IF_ERROR(WriteFile(folder_, eventstore::TilePath(id, width), bytes));
  }
  if (!bundle_.empty()) RETURN_IF_ERROR(WriteBundle(tree_.size() % eventstore::kTileWidth));
  return WriteFile(folder_, "checkpoint", note);
}

}  // namespace dealog::cli
