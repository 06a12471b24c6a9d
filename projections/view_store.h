#pragma once

// Where views' rows and checkpoints are kept. Always safe to delete: everything rebuilds.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/types.h"

namespace dealog::projections {

// Which history a view's rows come from: none of them holds anything newer than this batch of the
// partition. Digest: of that batch, so that another history is noticed.
struct ViewCheckpoint {
  int version = 0;
  eventstore::BatchNumber number;
  std::string digest;
};

// Fields of events that no build knew when they were folded, and how often: see
// base::UnknownFields for their names.
using UnknownKinds = std::map<std::string, uint64_t, std::less<>>;

// How far a view of one tenant is folded. Kept beside its rows, and the truth about them.
struct SlotPoint {
  eventstore::Position position;
  UnknownKinds unknown;
  bool operator==(const SlotPoint&) const = default;
};

// Rows and checkpoints of one flush, written together or not at all.
struct ViewWrite {
  struct Row {
    std::string view;
    eventstore::TenantId tenant;
    std::string key;
    std::string value;
    bool deleted = false;
  };
  struct Checkpoint {
    std::string view;
    eventstore::PartitionId partition;
    ViewCheckpoint checkpoint;
  };
  struct Applied {
    std::string view;
    eventstore::TenantId tenant;
    SlotPoint point;
  };
  std::vector<Row> rows;
  std::vector<Checkpoint> checkpoints;
  std::vector<Applied> applied;
};

// Thread safety: yes.
class ViewStore {
 public:
  virtual ~ViewStore() = default;
  virtual absl::Status Write(const ViewWrite& write) = 0;
  // number 0 where there is none.
  virtual absl::StatusOr<ViewCheckpoint> ReadCheckpoint(
      std::string_view view, eventstore::PartitionId partition) const = 0;
  // Position 0 where nothing was written.
  virtual absl::StatusOr<SlotPoint> ReadApplied(std::string_view view,
                                                const eventstore::TenantId& tenant) const = 0;
  // Calls `row` for every row of the view and tenant, in key order; stops at its first error.
  virtual absl::Status Scan(
      std::string_view view, const eventstore::TenantId& tenant,
      const std::function<absl::Status(std::string_view key, std::string_view value)>& row)
      const = 0;
  // Drops rows, checkpoints and applied positions of one view.
  virtual absl::Status Drop(std::string_view view) = 0;
  // Drops rows and applied position of one view of one tenant.
  virtual absl::Status DropTenant(std::string_view view, const eventstore::TenantId& tenant) = 0;
};

}  // namespace dealog::projections
