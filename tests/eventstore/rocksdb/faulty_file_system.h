#pragma once

// A file system whose write-ahead logs can be made to fail and whose disk can be made to look full.

#include <atomic>
#include <memory>
#include <string>

#include "rocksdb/file_system.h"

namespace dealog::eventstore {

// Thread safety: yes.
class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  static const char* kClassName() { return "FaultyFileSystem"; }
  const char* Name() const override { return kClassName(); }

  // Appends to and syncs of files named *.log fail.
  std::atomic<bool> appends_fail = false;
  std::atomic<bool> syncs_fail = false;
  std::atomic<bool> disk_low = false;
  // Successful syncs of files named *.log.
  std::atomic<int> syncs = 0;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* free_bytes, rocksdb::IODebugContext* debug) override;
};

}  // namespace dealog::eventstore
