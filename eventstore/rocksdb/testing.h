#pragma once

// Opens a log on another file system, or without syncs: for tests only, which prove that the log
// notices failures and that its crash test notices a log without syncs.

#include <memory>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "rocksdb/file_system.h"

namespace dealog::eventstore {

struct RocksDbLogTestHooks {
  std::shared_ptr<rocksdb::FileSystem> file_system;  // Null: the operating system's.
  bool sync_writes = true;
};

absl::StatusOr<std::unique_ptr<FolderLog>> OpenRocksDbLogForTest(const RocksDbLogOptions& options,
                                                                 const RocksDbLogTestHooks& hooks);

}  // namespace dealog::eventstore
