#pragma once

// The work store on its own RocksDB instance. Rows: docs/formats/groups.md.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/groups/work_store.h"

namespace dealog::groups {

// Opens the folder, or makes it. It can't be made again from the log, so a damaged one is refused,
// with what to do: DATA_LOSS / CORRUPT_RECORD. UNAVAILABLE / NOT_READY if another process holds it.
absl::StatusOr<std::unique_ptr<WorkStore>> OpenWorkStore(const std::string& path);

}  // namespace dealog::groups
