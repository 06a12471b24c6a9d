#pragma once

// A file system whose write-ahead logs take longer to sync, so that a benchmark is limited by the
// disk whatever the machine's is like.

#include <cstdint>
#include <memory>
#include <string>

#include "rocksdb/file_system.h"

namespace dealog::bench {

// Thread safety: yes. A sync returns `extra_us` after the real one did.
class SlowSyncFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit SlowSyncFileSystem(int64_t extra_us)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), extra_us_(extra_us) {}
  static const char* kClassName() { return "SlowSyncFileSystem"; }
  const char* Name() const override { return kClassName(); }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

 private:
  const int64_t extra_us_;
};

}  // namespace dealog::bench
