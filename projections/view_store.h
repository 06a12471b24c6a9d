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

// How far a view has folded a partition. Digest: of that batch, so that another history is noticed.
struct ViewCheckpoint {
  int version = 0;
  eventstore::BatchNumber number;
  std::string digest;
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
  // The tenant's applied position, kept beside the rows.
  struct Applied {
    std::string view;
    eventstore::TenantId tenant;
    eventstore::Position position;
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
  virtual absl::StatusOr<eventstore::Position> ReadApplied(
      std::string_view view, const eventstore::TenantId& tenant) const = 0;
  // Calls `row` for every row of the view and tenant, in key order; stops at its first error.
  virtual absl::Status Scan(
      std::string_view view, const eventstore::TenantId& tenant,
      const std::function<absl::Status(std::string_view key, std::string_view value)>& row)
      const = 0;
  // Drops rows, checkpoints and applied positions of one view.
  virtual absl::Status Drop(std::string_view view) = 0;
};

}  // namespace dealog::projections
