#include "tests/bench/slow_sync.h"

#include <unistd.h>

#include <utility>

namespace dealog::bench {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class SlowSyncFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SlowSyncFile(std::unique_ptr<rocksdb::FSWritableFile> file, int64_t extra_us)
      : FSWritableFileOwnerWrapper(std::move(file)), extra_us_(extra_us) {}

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus synced = FSWritableFileOwnerWrapper::Sync(options, debug);
    usleep(static_cast<useconds_t>(extra_us_));
    return synced;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus synced = FSWritableFileOwnerWrapper::Fsync(options, debug);
    usleep(static_cast<useconds_t>(extra_us_));
    return synced;
  }

 private:
  const int64_t extra_us_;
};

}  // namespace

IOStatus SlowSyncFileSystem::NewWritableFile(const std::string& name,
                                             const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             IODebugContext* debug) {
  const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (made.ok() && name.ends_with(".log")) {
    *file = std::make_unique<SlowSyncFile>(std::move(*file), extra_us_);
  }
  return made;
}

}  // namespace dealog::bench
