#pragma once

// Makes a backup of a log that is in use.
//
//   ASSIGN_OR_RETURN(const auto run, BackupRun::Open(log, {.archive = folder}));
//   while (!run->progress().done) RETURN_IF_ERROR(run->Step());
//
// Ended early (a kill, an error, a full disk), it leaves an unfinished backup, with which the next
// run in the same archive goes on.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/backup.pb.h"
#include "eventstore/backup/limits.h"
#include "eventstore/base/clock.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// A signed note and the text form of its key; both empty if none is to be had.
struct SignedCheckpoint {
  std::string note;
  std::string verifier_key;
};

struct BackupOptions {
  // The folder; made if missing.
  std::string archive;
  // Begin with the first batch, also where an earlier backup could be continued.
  bool full = false;
  // Null: the system's clock.
  const base::Clock* clock = nullptr;
  // KeyCheck of the key that hashes unique values (keys.h); empty: unknown.
  std::string unique_key_check;
  // A checkpoint of a size of at most `position`. Null: none.
  std::function<SignedCheckpoint(const TenantId& tenant, Position position)> checkpoint;
  // Fewer free bytes than this on the archive's disk end the run, before the log itself is in want
  // where it lies on the same disk.
  uint64_t free_bytes_min = kBackupFreeBytesMin;
  size_t part_bytes_target = kPartBytesTarget;
};

struct BackupProgress {
  uint64_t batches_done = 0;  // Of those that this backup adds, also by a run that it goes on with.
  uint64_t batches_total = 0;
  uint64_t bytes_written = 0;
  bool done = false;
};

// Thread safety: none. Ownership: the log outlives it.
// Invariant: a batch is archived only after its digest, its chain and its commits' SHA-256 were
// checked.
class BackupRun {
 public:
  virtual ~BackupRun() = default;
  // ABORTED / BACKUP_RUNNING: another run has the archive. FAILED_PRECONDITION / BACKUP_UNUSABLE:
  // the folder holds something else, or backups of another log, or of this one beyond the fork of a
  // restore.
  static absl::StatusOr<std::unique_ptr<BackupRun>> Open(EventLog& log, BackupOptions options);

  // Does a piece of the work, about kBackupStepBytes. RESOURCE_EXHAUSTED / DISK_LOW; DATA_LOSS /
  // CORRUPT_RECORD: the log is damaged.
  virtual absl::Status Step() = 0;
  virtual const BackupProgress& progress() const = 0;
  // Whole once progress().done.
  virtual const storage::v1::BackupManifest& manifest() const = 0;
};

}  // namespace dealog::eventstore
