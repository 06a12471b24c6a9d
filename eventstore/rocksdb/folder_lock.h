#pragma once

// The lock of a log folder that is read offline. Internal to this folder.

#include <string>

#include "absl/status/status.h"
#include "rocksdb/env.h"

namespace dealog::eventstore {

// Keeps every process (this one too) from opening the folder for writing meanwhile.
// Thread safety: none.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path) : path_(path) {}
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  // FAILED_PRECONDITION / NOT_READY: another process has it.
  absl::Status Take();

 private:
  const std::string path_;
  rocksdb::FileLock* lock_ = nullptr;
};

}  // namespace dealog::eventstore
