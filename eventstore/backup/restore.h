#pragma once

// Restores a backup into a new data folder: all of it, or up to a point in time.
//
// Batches are read, checked against their chain and the signed checkpoints, and applied. At the end
// every partition is claimed with a new owner epoch (forks.h), and only then the folder becomes a
// data folder. A restore that was killed goes on when it is started again with the same options.
//
//   DATA/restore       what is being made; a server does not start while it is there
//   DATA/log.restoring renamed to DATA/log at the end

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/backup/backup_reader.h"
#include "eventstore/base/clock.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/note.h"

namespace dealog::eventstore {

struct RestoreOptions {
  std::string archive;
  uint64_t backup_number = 0;  // 0 = the newest.
  // A new folder, or an empty one.
  std::string data_folder;
  // The folder of keys to copy; empty: none.
  std::string keys_folder;
  // Where the log ends; at most one of the three. Batches: the last one, per partition; others
  // whole.
  struct LastBatch {
    PartitionId partition;
    BatchNumber number;
  };
  std::vector<LastBatch> to_batches;
  // The last batch that was written at or before it: whole batches, so that everything that had
  // been acknowledged by then is there.
  std::optional<int64_t> to_time_us;
  // The only tenant, repacked into batches of its own; its last position, which must end a commit
  // (0 = all).
  TenantId tenant;
  Position to_position;
  // A key that was kept elsewhere (CheckpointCheck).
  std::optional<VerifierKey> trusted_key;
  // Null: the system's clock.
  const base::Clock* clock = nullptr;
};

struct RestoreReport {
  BackupReadProgress read;
  uint64_t backup_number = 0;
  uint64_t batches = 0;  // Written, without the claims.
  uint64_t commits = 0;
  uint64_t events = 0;
  uint64_t checkpoints = 0;          // Met and matched.
  std::vector<PartitionHead> heads;  // With the claims.
  // A newer backup that was not finished, so is left out; only where the newest was asked for.
  std::optional<uint64_t> unfinished;
};

// INVALID_ARGUMENT / FIELD_INVALID: a batch, time, tenant or position that the backup does not
// have; the message says what it has. FAILED_PRECONDITION / TARGET_NOT_EMPTY: the folder holds
// something else, or another restore. Errors of ReadChain, ReadBackup, CheckpointCheck and
// LogLoader.
absl::StatusOr<RestoreReport> RestoreBackup(const RestoreOptions& options,
                                            const BackupReadFunction& progress);

struct VerifyReport {
  std::vector<uint64_t> chain;  // Numbers of the backups.
  BackupReadProgress read;
  uint64_t checkpoints = 0;            // Met and matched.
  uint64_t events_unsigned = 0;        // Beyond the newest checkpoint of their tenant.
  std::optional<uint64_t> unfinished;  // As above.
};
// Reads all of a backup and its chain, and checks it as a restore would.
absl::StatusOr<VerifyReport> VerifyBackup(const std::string& archive, uint64_t backup_number,
                                          const std::optional<VerifierKey>& trusted_key,
                                          const BackupReadFunction& progress);

}  // namespace dealog::eventstore
