#include "tests/crash/unsynced_file_system.h"

#include <utility>

namespace dealog::eventstore {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Keeps what is appended until it is synced.
class UnsyncedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  UnsyncedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name,
               UnsyncedFileSystem& file_system)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        file_system_(file_system) {}

  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    base::MutexLock lock(mu_);
    unsynced_.append(data.data(), data.size());
    return IOStatus::OK();
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("direct writes");
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    base::MutexLock lock(mu_);
    // The real sync is left out: after a kill the page cache is still there.
    const IOStatus written = target()->Append(unsynced_, options, debug);
    if (written.ok()) unsynced_.clear();
    return written;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();  // Promises nothing.
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Allocate(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    base::MutexLock lock(mu_);
    const uint64_t synced = target()->GetFileSize(options, debug);
    if (size >= synced && size - synced <= unsynced_.size()) {
      unsynced_.resize(size - synced);
      return IOStatus::OK();
    }
    unsynced_.clear();
    return target()->Truncate(size, options, debug);
  }
  uint64_t GetFileSize(const IOOptions& options, IODebugContext* debug) override {
    base::MutexLock lock(mu_);
    return target()->GetFileSize(options, debug) + unsynced_.size();
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    base::MutexLock lock(mu_);
    if (!unsynced_.empty()) file_system_.Keep(name_, std::exchange(unsynced_, {}));
    return target()->Close(options, debug);
  }

 private:
  const std::string name_;
  UnsyncedFileSystem& file_system_;
  base::Mutex mu_;
  std::string unsynced_;
};

}  // namespace

IOStatus UnsyncedFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             IODebugContext* debug) {
  {
    base::MutexLock lock(mu_);
    unsynced_.erase(name);
  }
  const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (made.ok()) *file = std::make_unique<UnsyncedFile>(std::move(*file), name, *this);
  return made;
}

IOStatus UnsyncedFileSystem::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                IODebugContext* debug) {
  const IOStatus ready = WriteOut(name);
  if (!ready.ok()) return ready;
  const IOStatus made = FileSystemWrapper::ReopenWritableFile(name, options, file, debug);
  if (made.ok()) *file = std::make_unique<UnsyncedFile>(std::move(*file), name, *this);
  return made;
}

IOStatus UnsyncedFileSystem::ReuseWritableFile(const std::string&, const std::string&,
                                               const FileOptions&,
                                               std::unique_ptr<rocksdb::FSWritableFile>*,
                                               IODebugContext*) {
  return IOStatus::NotSupported("reused files");  // The log does not recycle its files.
}

IOStatus UnsyncedFileSystem::NewSequentialFile(const std::string& name, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                               IODebugContext* debug) {
  const IOStatus ready = WriteOut(name);
  return ready.ok() ? FileSystemWrapper::NewSequentialFile(name, options, file, debug) : ready;
}

IOStatus UnsyncedFileSystem::NewRandomAccessFile(const std::string& name,
                                                 const FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                 IODebugContext* debug) {
  const IOStatus ready = WriteOut(name);
  return ready.ok() ? FileSystemWrapper::NewRandomAccessFile(name, options, file, debug) : ready;
}

IOStatus UnsyncedFileSystem::RenameFile(const std::string& from, const std::string& to,
                                        const IOOptions& options, IODebugContext* debug) {
  {
    base::MutexLock lock(mu_);
    unsynced_.erase(to);
    if (auto moved = unsynced_.extract(from)) {
      moved.key() = to;
      unsynced_.insert(std::move(moved));
    }
  }
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

IOStatus UnsyncedFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                        IODebugContext* debug) {
  {
    base::MutexLock lock(mu_);
    unsynced_.erase(name);
  }
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

void UnsyncedFileSystem::Keep(const std::string& name, std::string unsynced) {
  base::MutexLock lock(mu_);
  unsynced_[name] = std::move(unsynced);
}

IOStatus UnsyncedFileSystem::WriteOut(const std::string& name) {
  std::string bytes;
  {
    base::MutexLock lock(mu_);
    const auto found = unsynced_.find(name);
    if (found == unsynced_.end()) return IOStatus::OK();
    bytes = std::move(found->second);
    unsynced_.erase(found);
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = FileSystemWrapper::ReopenWritableFile(name, FileOptions(), &file, nullptr);
  if (status.ok()) status = file->Append(bytes, IOOptions(), nullptr);
  if (status.ok()) status = file->Close(IOOptions(), nullptr);
  return status;
}

}  // namespace dealog::eventstore
