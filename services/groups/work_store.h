#pragma once

// Where groups are kept: rows of bytes under keys of bytes. What they mean: group_rows.h.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace dealog::groups {

// Written whole or not at all, in order; a later part of a write wins over an earlier one.
struct WorkWrite {
  struct Row {
    std::string key;
    std::optional<std::string> value;  // Unset: deleted.
  };
  std::vector<Row> rows;
  // Every row whose key begins so goes first.
  std::vector<std::string> dropped_prefixes;
  bool empty() const { return rows.empty() && dropped_prefixes.empty(); }
};

// Thread safety: yes. Errors: DATA_LOSS / CORRUPT_RECORD, RESOURCE_EXHAUSTED / DISK_LOW,
// UNAVAILABLE / NOT_READY.
class WorkStore {
 public:
  virtual ~WorkStore() = default;
  // `sync`: durable on return, with everything written before, also by an empty write. Else a crash
  // of the machine may lose the newest writes, from some point on; a crash of the process loses
  // none. After a failed write nothing more may be written until the store was opened anew.
  virtual absl::Status Write(const WorkWrite& write, bool sync) = 0;
  // Calls `row` for every row whose key begins with `prefix`, in key order; stops at its first
  // error.
  virtual absl::Status Scan(
      std::string_view prefix,
      const std::function<absl::Status(std::string_view key, std::string_view value)>& row)
      const = 0;
};

}  // namespace dealog::groups
