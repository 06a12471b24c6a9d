#pragma once

// Where the trees are kept. All of it but Signed follows from the log, and can be deleted.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/follow_point.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/tile.h"

namespace dealog::eventstore {

// How far a tenant's tree is, and the batch that wrote its last event: as a checkpoint says.
struct TreeHead {
  uint64_t size = 0;
  SignedBatch batch;
  auto operator<=>(const TreeHead&) const = default;
};

// Written whole or not at all.
struct AuditWrite {
  struct Tile {
    TenantId tenant;
    TileId id;
    std::string bytes;  // The whole tile.
  };
  std::vector<Tile> tiles;
  std::vector<std::pair<TenantId, TreeHead>> heads;
  PartitionId partition;
  FollowPoint point;  // Up to which batch of the partition the trees are.
};

// The largest tree of a tenant that a checkpoint was signed for.
struct SignedTree {
  uint64_t size = 0;
  Digest root{};
};

// Thread safety: yes. Errors: DATA_LOSS / CORRUPT_RECORD for a damaged row, RESOURCE_EXHAUSTED /
// DISK_LOW, UNAVAILABLE / NOT_READY.
class AuditStore {
 public:
  virtual ~AuditStore() = default;
  virtual absl::Status Write(const AuditWrite& write) = 0;
  // Size 0 if there is none.
  virtual absl::StatusOr<TreeHead> Head(const TenantId& tenant) const = 0;
  // Empty if there is none.
  virtual absl::StatusOr<std::string> Tile(const TenantId& tenant, TileId id) const = 0;
  virtual absl::StatusOr<FollowPoint> Point(PartitionId partition) const = 0;
  // Forgets every tree and point, keeps what was signed.
  virtual absl::Status Clear() = 0;

  virtual absl::StatusOr<SignedTree> Signed(const TenantId& tenant) const = 0;
  virtual absl::Status SetSigned(const TenantId& tenant, const SignedTree& tree) = 0;
};

}  // namespace dealog::eventstore
