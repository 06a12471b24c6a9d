// Method: a folder written from 300 events, read as a stranger to this project would by the
// specification: entries hash to the tiles, tiles to the root of the checkpoint.

#include "services/cli/tile_export.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "eventstore/bytes.h"
#include "services/cli/audit_check.h"
#include "services/cli/files.h"

namespace dealog::cli {
namespace {

constexpr int kEvents = 300;
constexpr size_t kFileBytesMax = 1 << 20;

v1::StoredEvent EventAt(int i) {
  v1::StoredEvent event;
  event.set_header("header " + std::to_string(i));
  event.set_payload("payload");
  return event;
}

class Tiles : public testing::Test {
 protected:
  ~Tiles() override { std::filesystem::remove_all(folder_); }
  std::string Read(const std::string& path) const {
    const auto text = ReadTextFile(folder_ + "/" + path, kFileBytesMax);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }
  const std::string folder_ =
      (std::filesystem::temp_directory_path() / ("dealog_tiles_" + std::to_string(getpid())))
          .string();
};

TEST_F(Tiles, AreThoseOfTheSpecification) {
  TileExport tiles(folder_);
  eventstore::TreeFrontier tree;
  for (int i = 0; i < kEvents; ++i) {
    ASSERT_TRUE(tiles.Add(EventAt(i)).ok());
    const std::string entry =
        "header " + std::to_string(i) +
        std::string(base::AsView(base::Sha256(std::string_view("\0\0\0\7payload\0\0\0\0", 15))));
    tree.Append(eventstore::HashLeaf(entry));
  }
  const eventstore::Checkpoint checkpoint{.origin = "o", .size = kEvents, .root = tree.Root()};
  ASSERT_EQ(tiles.Finish(checkpoint, "the note\n"), absl::OkStatus());

  EXPECT_EQ(Read("checkpoint"), "the note\n");
  std::string leaves;
  for (const char* path : {"tile/entries/000", "tile/entries/001.p/44"}) {
    const std::string bundle = Read(path);
    eventstore::ByteReader reader(bundle);
    while (!reader.rest().empty() && reader.ok()) {
      leaves += base::AsView(eventstore::HashLeaf(reader.Prefixed<uint16_t>()));
    }
    EXPECT_TRUE(reader.Done());
  }
  EXPECT_EQ(leaves, Read("tile/0/000") + Read("tile/0/001.p/44"));
  const auto root = eventstore::RootOf(kEvents, [&](eventstore::TreeNode node) {
    return eventstore::NodeInTiles(node, [&](eventstore::TileId id) -> absl::StatusOr<std::string> {
      return Read(eventstore::TilePath(id, eventstore::TileWidthAt(id, kEvents)));
    });
  });
  EXPECT_EQ(root.value(), tree.Root());
  EXPECT_EQ(Read("tile/1/000.p/1").size(), 32u);
}

TEST_F(Tiles, HaveNoCheckpointOfOtherEvents) {
  TileExport tiles(folder_);
  ASSERT_TRUE(tiles.Add(EventAt(1)).ok());
  const absl::Status status =
      tiles.Finish({.origin = "o", .size = 1, .root = eventstore::EmptyRoot()}, "the note\n");
  EXPECT_TRUE(IsAuditFailure(status)) << status;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/checkpoint"));
}

TEST_F(Tiles, RefuseAnEntryThatDoesNotFit) {
  TileExport tiles(folder_);
  v1::StoredEvent event;
  event.set_header(std::string(65'535 - 32, 'h'));
  EXPECT_TRUE(tiles.Add(event).ok());
  event.set_header(std::string(65'536 - 32, 'h'));
  EXPECT_EQ(tiles.Add(event).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace dealog::cli
