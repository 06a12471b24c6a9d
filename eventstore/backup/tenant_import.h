#pragma once

// Imports an export into a data folder that no server has open: the tenant's commits, byte by byte,
// as new batches of that folder's log. Run again, it goes on where it was killed, and does nothing
// where everything is there.
//
//   DATA/import   while it lasts; a server does not start while it is there

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/note.h"

namespace dealog::eventstore {

struct ImportOptions {
  std::string file;
  // A data folder, or a new one.
  std::string data_folder;
  // Keys for a folder that has none; empty: none.
  std::string keys_folder;
  // Partitions of a new log.
  uint32_t partition_count = 1;
  // A key that was kept elsewhere; unset: the one in the export.
  std::optional<VerifierKey> trusted_key;
  // Null: the system's clock.
  const base::Clock* clock = nullptr;
};

struct ImportReport {
  std::string tenant;
  Position position;           // Where the export ends.
  uint64_t commits_there = 0;  // Of them, found in the folder.
  uint64_t commits_added = 0;
  uint64_t events_added = 0;
  bool checkpoint = false;  // The export has a signed checkpoint, which matched.
};

// The whole file is checked before anything is written. Errors: those of ReadExport;
// FAILED_PRECONDITION / BACKUP_UNUSABLE: the export is unfinished, or its unique values were hashed
// with another key than the folder's. ALREADY_EXISTS / TENANT_EXISTS: the folder has the tenant
// with another history. FAILED_PRECONDITION / NOT_READY: a server has the folder;
// TARGET_NOT_EMPTY: it holds something else, or a restore that has begun. DATA_LOSS / HEAD_LOST:
// its log lost batches (witness.h).
absl::StatusOr<ImportReport> ImportTenant(
    const ImportOptions& options,
    const std::function<void(uint64_t done, uint64_t total)>& progress);

}  // namespace dealog::eventstore
