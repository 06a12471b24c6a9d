#pragma once

// Reads a backup and those that it continues, batch by batch, and checks all on the way.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/backup/archive.h"
#include "eventstore/backup/records.h"

namespace dealog::eventstore {

// What was read so far.
struct BackupReadProgress {
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
  uint64_t batches = 0;
  uint64_t commits = 0;
  uint64_t events = 0;
};
using BackupReadFunction = std::function<void(const BackupReadProgress&)>;

enum class AfterBatch { kGoOn, kSkipPartition };

// Calls `take` with every batch of every partition, the oldest first; after kSkipPartition the rest
// of that partition is not looked at, so damage in it does not matter. Checked: every file's size
// and SHA-256, every frame, the chain of batches from the first one on, and that it ends as the
// manifest says. DATA_LOSS / CORRUPT_RECORD names the file, the place in it, and the batches that
// are whole; an error of `take` is returned. `progress` may be empty.
absl::StatusOr<BackupReadProgress> ReadBackup(
    const std::string& archive, const std::vector<ArchivedBackup>& chain,
    absl::FunctionRef<absl::StatusOr<AfterBatch>(const BatchRecord&)> take,
    const BackupReadFunction& progress);

}  // namespace dealog::eventstore
