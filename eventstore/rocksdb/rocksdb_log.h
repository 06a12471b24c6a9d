#pragma once

// The event log on an embedded RocksDB: one folder, one process, every write synced.
//
//   ASSIGN_OR_RETURN(auto log, OpenRocksDbLog({.path = data_dir + "/log", .partition_count = 1}));
//
// Layout of the folder: docs/formats/log.md.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/event_log.h"
#include "eventstore/log_verify.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/rocksdb/witness.h"

namespace dealog::eventstore {

struct RocksDbLogOptions {
  // The folder; created if it does not exist (its parent must).
  std::string path;
  // Number of partitions. Fixed when the folder is created: another number is refused.
  uint32_t partition_count = 1;
  // Stamps batches; null: the system's clock.
  const base::Clock* clock = nullptr;
  // Bytes of recent batches that each partition keeps in memory for live delivery.
  size_t ring_bytes = kRingBytesMax;
  // Bytes of stored blocks that are cached for reads.
  size_t block_cache_bytes = kBlockCacheBytes;
  // Heads of recently used streams that are kept in memory.
  size_t stream_heads = kStreamHeadsCached;
  // Fewer free bytes than this on the disk: Append fails with DISK_LOW. 0 = never.
  uint64_t free_bytes_min = kFreeBytesMin;
  // Remembers outside of the folder what was synced; without files none is kept.
  HeadWitnessOptions witness;
  // Called after a batch was synced and witnessed, before it is published; may be empty. From the
  // appending thread.
  std::function<void(PartitionId, const PartitionHead&)> on_synced;
};

// A log in a folder: all that a log does, and a check of the whole of it while it serves.
class FolderLog : public EventLog, public LogVerifier {};

// Opens or creates the log, and checks its newest batches: per partition the digests of the last
// kBatchesCheckedOnOpen batch headers and their chain, and that the newest batch's commits are
// there with the digests it names. `dealog log verify` checks everything.
// FAILED_PRECONDITION: another process has the folder, or it is of another format or partition
// count. DATA_LOSS / CORRUPT_RECORD: damage. DATA_LOSS / HEAD_LOST: it lacks batches that the
// witness saw synced.
absl::StatusOr<std::unique_ptr<FolderLog>> OpenRocksDbLog(const RocksDbLogOptions& options);

}  // namespace dealog::eventstore
