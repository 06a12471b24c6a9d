#pragma once

// Reads a whole log folder offline, batch by batch; changes nothing. Used by `dealog audit verify
// --folder`.

#include <cstdint>
#include <span>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

class LogDatabase;

// A batch with its commits, as the log has them. Lives as long as the call.
struct ScannedBatch {
  const storage::v1::BatchHeader& header;
  std::span<const CommitPtr> commits;
};

// Calls `batch` for every batch of every partition, the oldest first, and stops at its first error.
// Checked on the way: headers (digest, dense numbers, chain), commits (there, CRC32C, the SHA-256
// that the batch names). Whatever of it is wrong ends the scan with DATA_LOSS / CORRUPT_RECORD.
// FAILED_PRECONDITION / NOT_READY: no log, another format, in use by a process.
absl::Status ScanRocksDbLog(const std::string& path,
                            absl::FunctionRef<absl::Status(const ScannedBatch&)> batch);
// The same of a database that is open; internal to this folder and to tests that damage a log.
absl::Status ScanLog(const LogDatabase& database,
                     absl::FunctionRef<absl::Status(const ScannedBatch&)> batch);

}  // namespace dealog::eventstore
