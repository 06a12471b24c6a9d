#include "tests/eventstore/rocksdb/faulty_file_system.h"

#include <utility>

namespace dealog::eventstore {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class FaultyFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<rocksdb::FSWritableFile> file, FaultyFileSystem& faults)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(faults) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    if (faults_.appends_fail) return IOStatus::NoSpace("the test's disk is full");
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    if (faults_.appends_fail) return IOStatus::NoSpace("the test's disk is full");
    return FSWritableFileOwnerWrapper::Append(data, options, info, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (faults_.syncs_fail) return IOStatus::IOError("the test's disk does not sync");
    ++faults_.syncs;
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (faults_.syncs_fail) return IOStatus::IOError("the test's disk does not sync");
    ++faults_.syncs;
    return FSWritableFileOwnerWrapper::Fsync(options, debug);
  }

 private:
  FaultyFileSystem& faults_;
};

}  // namespace

IOStatus FaultyFileSystem::NewWritableFile(const std::string& name,
                                           const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (made.ok() && name.ends_with(".log")) {
    *file = std::make_unique<FaultyFile>(std::move(*file), *this);
  }
  return made;
}

IOStatus FaultyFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options,
                                        uint64_t* free_bytes, IODebugContext* debug) {
  if (!disk_low) return FileSystemWrapper::GetFreeSpace(path, options, free_bytes, debug);
  *free_bytes = 1;
  return IOStatus::OK();
}

}  // namespace dealog::eventstore
