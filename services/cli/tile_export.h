#pragma once

// A tenant's tree as a static folder after C2SP tlog-tiles, which other verifiers read:
//   checkpoint, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/tile.h"

namespace dealog::cli {

// Thread safety: none.
class TileExport {
 public:
  // `folder` is made where it is missing.
  explicit TileExport(std::string folder) : folder_(std::move(folder)) {}

  // The next event. RESOURCE_EXHAUSTED / LIMIT_EXCEEDED if its entry does not fit the format.
  absl::Status Add(const v1::StoredEvent& event);
  // After the last event: the partial tiles, and the checkpoint. AUDIT_FAILED, and no checkpoint,
  // if it is not of these events.
  absl::Status Finish(const eventstore::Checkpoint& checkpoint, const std::string& note);

 private:
  absl::Status WriteBundle(uint64_t width);
  absl::Status WriteFullTiles();

  const std::string folder_;
  eventstore::TileWriter tree_;
  eventstore::TreeFrontier frontier_;
  std::string bundle_;                                 // Entries since the last full tile.
  std::map<eventstore::TileId, std::string> partial_;  // Tiles that are not full yet.
};

}  // namespace dealog::cli
