#include "tests/crash/fault_file_system.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dealog::eventstore {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using Tail = std::shared_ptr<UnsyncedTail>;

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool IsNamed(std::string_view path, std::string_view part) {
  return FileName(path).find(part) != std::string_view::npos;
}

// Keeps what is appended until it is synced.
class WrittenFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WrittenFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name, Tail tail,
              FaultFileSystem& disk)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        tail_(std::move(tail)),
        disk_(disk) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus begun = disk_.Begin(FileOperation::kAppend, name_);
    if (!begun.ok()) return begun;
    base::MutexLock lock(tail_->mu);
    tail_->rest.append(data.data(), data.size());
    return WriteOut(disk_.EarlyBytes(tail_->rest.size()), options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("direct writes");
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus begun = disk_.Begin(FileOperation::kSync, name_);
    if (!begun.ok()) return begun;
    if (!disk_.IsLie(name_)) {
      base::MutexLock lock(tail_->mu);
      // The real sync is left out: after a kill the page cache is still there.
      const IOStatus written = WriteOut(tail_->rest.size(), options, debug);
      if (!written.ok()) return written;
    }
    disk_.Synced(name_);
    return IOStatus::OK();
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
    base::MutexLock lock(tail_->mu);
    if (size >= tail_->written) {
      tail_->rest.resize(size - tail_->written);
      return IOStatus::OK();
    }
    tail_->rest.clear();
    tail_->written = size;
    return target()->Truncate(size, options, debug);
  }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    base::MutexLock lock(tail_->mu);
    return tail_->written + tail_->rest.size();
  }

 private:
  IOStatus WriteOut(size_t bytes, const IOOptions& options, IODebugContext* debug)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(tail_->mu) {
    if (bytes == 0) return IOStatus::OK();
    const IOStatus written = target()->Append(Slice(tail_->rest.data(), bytes), options, debug);
    if (!written.ok()) return written;
    tail_->written += bytes;
    tail_->rest.erase(0, bytes);
    return IOStatus::OK();
  }

  const std::string name_;
  const Tail tail_;
  FaultFileSystem& disk_;
};

// What this process wrote and did not sync is there for it to read.
class ReadFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  ReadFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::string name, Tail tail,
           FaultFileSystem& disk)
      : FSRandomAccessFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        tail_(std::move(tail)),
        disk_(disk) {}

  IOStatus Read(uint64_t from, size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    const IOStatus begun = disk_.Begin(FileOperation::kRead, name_);
    if (!begun.ok()) return begun;
    const IOStatus read = ReadAll(from, size, options, result, scratch, debug);
    if (!read.ok()) return read;
    if (result->data() != scratch) std::memmove(scratch, result->data(), result->size());
    disk_.MaybeFlip(name_, scratch, result->size());
    *result = Slice(scratch, result->size());
    return read;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    for (size_t i = 0; i < count; ++i) {
      rocksdb::FSReadRequest& one = requests[i];
      one.status = Read(one.offset, one.len, options, &one.result, one.scratch, debug);
    }
    return IOStatus::OK();
  }
  IOStatus Prefetch(uint64_t, size_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  IOStatus ReadAll(uint64_t from, size_t size, const IOOptions& options, Slice* result,
                   char* scratch, IODebugContext* debug) const {
    if (tail_ == nullptr) return target()->Read(from, size, options, result, scratch, debug);
    base::MutexLock lock(tail_->mu);
    size_t got = 0;
    if (from < tail_->written) {
      const IOStatus read = target()->Read(from, std::min<uint64_t>(size, tail_->written - from),
                                           options, result, scratch, debug);
      if (!read.ok()) return read;
      std::memmove(scratch, result->data(), result->size());
      got = result->size();
    }
    const uint64_t at = from + got - std::min(from + got, tail_->written);
    if (got < size && from + got >= tail_->written && at < tail_->rest.size()) {
      got += tail_->rest.copy(scratch + got, size - got, at);
    }
    *result = Slice(scratch, got);
    return IOStatus::OK();
  }

  const std::string name_;
  const Tail tail_;  // Null: the disk has all of it.
  FaultFileSystem& disk_;
};

// Reads what its ReadFile reads, in order.
class InOrderFile final : public rocksdb::FSSequentialFile {
 public:
  explicit InOrderFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : file_(std::move(file)) {}
  IOStatus Read(size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    const IOStatus read = file_->Read(at_, size, options, result, scratch, debug);
    if (read.ok()) at_ += result->size();
    return read;
  }
  IOStatus Skip(uint64_t bytes) override {
    at_ += bytes;
    return IOStatus::OK();
  }

 private:
  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
  uint64_t at_ = 0;
};

}  // namespace

IOStatus DiskFull() { return IOStatus::NoSpace("the test's disk is full"); }

// ---- What a test asks for ----------------------------------------------------------------------

void FaultFileSystem::Inject(Fault fault) {
  base::MutexLock lock(mu_);
  faults_.push_back(std::move(fault));
}

void FaultFileSystem::LieAboutSyncs(std::string file) {
  base::MutexLock lock(mu_);
  lying_.push_back(std::move(file));
}

void FaultFileSystem::WriteBackEarly(uint32_t seed) {
  base::MutexLock lock(mu_);
  early_ = std::make_unique<std::mt19937>(seed);
}

void FaultFileSystem::FlipReads(std::string file, int every, uint32_t seed) {
  base::MutexLock lock(mu_);
  flip_ = std::make_unique<Flips>(Flips{std::move(file), every, 0, std::mt19937(seed)});
}

void FaultFileSystem::Heal() {
  base::MutexLock lock(mu_);
  faults_.clear();
  lying_.clear();
  early_.reset();
  flip_.reset();
}

void FaultFileSystem::Crash() {
  base::MutexLock lock(mu_);
  crashed_ = true;
}

int FaultFileSystem::failures() const {
  base::MutexLock lock(mu_);
  return failures_;
}

int FaultFileSystem::lies() const {
  base::MutexLock lock(mu_);
  return lies_;
}

int FaultFileSystem::flips() const {
  base::MutexLock lock(mu_);
  return flips_;
}

// ---- What the files ask ------------------------------------------------------------------------

IOStatus FaultFileSystem::Begin(FileOperation operation, const std::string& name) {
  if (observer_) observer_(operation, FileName(name), false);
  base::MutexLock lock(mu_);
  if (crashed_) return IOStatus::IOError("the test's power is off");
  for (Fault& fault : faults_) {
    if (fault.operation != operation || !IsNamed(name, fault.file)) continue;
    if (fault.after-- > 0) continue;
    fault.after = 0;
    if (fault.times-- <= 0) {
      fault.times = 0;
      continue;
    }
    ++failures_;
    return fault.error;
  }
  return IOStatus::OK();
}

void FaultFileSystem::Synced(const std::string& name) {
  if (observer_) observer_(FileOperation::kSync, FileName(name), true);
}

bool FaultFileSystem::IsLie(const std::string& name) {
  base::MutexLock lock(mu_);
  const bool lie = std::any_of(lying_.begin(), lying_.end(),
                               [&](const std::string& part) { return IsNamed(name, part); });
  lies_ += lie ? 1 : 0;
  return lie;
}

size_t FaultFileSystem::EarlyBytes(size_t unsynced) {
  base::MutexLock lock(mu_);
  if (early_ == nullptr || (*early_)() % 2 == 0) return 0;
  return (*early_)() % (unsynced + 1);
}

void FaultFileSystem::MaybeFlip(const std::string& name, char* bytes, size_t size) {
  base::MutexLock lock(mu_);
  if (flip_ == nullptr || size == 0 || !IsNamed(name, flip_->file)) return;
  if (++flip_->reads % flip_->every != 0) return;
  bytes[flip_->random() % size] ^= static_cast<char>(1 << flip_->random() % 8);
  ++flips_;
}

Tail FaultFileSystem::TailOf(const std::string& name) {
  base::MutexLock lock(mu_);
  const auto found = tails_.find(name);
  return found == tails_.end() ? nullptr : found->second;
}

// ---- FileSystem --------------------------------------------------------------------------------

IOStatus FaultFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
  const IOStatus begun = Begin(FileOperation::kCreate, name);
  if (!begun.ok()) return begun;
  const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (!made.ok()) return made;
  const auto tail = std::make_shared<UnsyncedTail>();
  *file = std::make_unique<WrittenFile>(std::move(*file), name, tail, *this);
  base::MutexLock lock(mu_);
  tails_[name] = tail;
  return made;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string&, const FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>*,
                                             IODebugContext*) {
  return IOStatus::NotSupported("reopened files");  // The log appends to no old file.
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string&, const std::string&,
                                            const FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>*,
                                            IODebugContext*) {
  return IOStatus::NotSupported("reused files");  // The log does not recycle its files.
}

IOStatus FaultFileSystem::NewSequentialFile(const std::string& name, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                            IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> random_access;
  const IOStatus made = NewRandomAccessFile(name, options, &random_access, debug);
  if (made.ok()) *file = std::make_unique<InOrderFile>(std::move(random_access));
  return made;
}

IOStatus FaultFileSystem::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                              IODebugContext* debug) {
  const IOStatus made = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
  if (made.ok()) {
    *file = std::make_unique<ReadFile>(std::move(*file), name, TailOf(name), *this);
  }
  return made;
}

IOStatus FaultFileSystem::GetFileSize(const std::string& name, const IOOptions& options,
                                      uint64_t* size, IODebugContext* debug) {
  const IOStatus got = FileSystemWrapper::GetFileSize(name, options, size, debug);
  if (const Tail tail = TailOf(name); got.ok() && tail != nullptr) {
    base::MutexLock lock(tail->mu);
    *size = tail->written + tail->rest.size();
  }
  return got;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* debug) {
  const IOStatus begun = Begin(FileOperation::kRename, to);
  if (!begun.ok()) return begun;
  {
    base::MutexLock lock(mu_);
    tails_.erase(to);
    if (auto moved = tails_.extract(from)) {
      moved.key() = to;
      tails_.insert(std::move(moved));
    }
  }
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

IOStatus FaultFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                     IODebugContext* debug) {
  const IOStatus begun = Begin(FileOperation::kRename, name);
  if (!begun.ok()) return begun;
  {
    base::MutexLock lock(mu_);
    tails_.erase(name);
  }
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

}  // namespace dealog::eventstore
