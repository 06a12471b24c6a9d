#pragma once

// A disk that fails as disks do, and loses at a crash what a power failure would lose.
//
//   const auto disk = std::make_shared<FaultFileSystem>();
//   disk->Inject({.operation = FileOperation::kSync, .file = ".log", .after = 3, .error = Eio()});
//   auto log = OpenRocksDbLogForTest(options, {.file_system = disk});
//   ...
//   disk->Crash();   // Or SIGKILL: what was not synced exists in this process only.
//
// What is appended stays in memory until it is synced, so that a killed process loses it: the
// operating system's page cache survives a SIGKILL, and a log that never syncs would pass.
// Modelled: the contents of files. Not modelled: creations, renames and removals count as durable
// at once.

#include <climits>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/base/mutex.h"
#include "rocksdb/file_system.h"

namespace dealog::eventstore {

enum class FileOperation { kCreate, kAppend, kSync, kRead, kRename };

// Operations of that kind on files whose name (without folders) contains `file` fail.
struct Fault {
  FileOperation operation = FileOperation::kSync;
  std::string file;     // ".log", ".sst", "MANIFEST"; empty: every file.
  int after = 0;        // So many succeed first,
  int times = INT_MAX;  // then so many fail.
  rocksdb::IOStatus error = rocksdb::IOStatus::IOError("the test's disk fails");
};

rocksdb::IOStatus DiskFull();

// The bytes of a file that the disk does not have yet.
struct UnsyncedTail {
  base::Mutex mu;
  uint64_t written = 0;  // Bytes that the disk has.
  std::string rest;      // What follows them.
};

// Thread safety: yes. Files must not outlive it.
class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  // Told of an operation before it is done, and of a sync also after it was done but before its
  // caller knows. Where a test kills the process.
  using Observer = std::function<void(FileOperation, std::string_view file, bool done)>;

  explicit FaultFileSystem(Observer observer = {})
      : FileSystemWrapper(rocksdb::FileSystem::Default()), observer_(std::move(observer)) {}
  static const char* kClassName() { return "FaultFileSystem"; }
  const char* Name() const override { return kClassName(); }

  void Inject(Fault fault);
  // From now on syncs of files named so say that all is well and keep nothing.
  void LieAboutSyncs(std::string file);
  // From now on a part of what is appended may reach the disk before it is synced, cut anywhere.
  void WriteBackEarly(uint32_t seed);
  // From now on one bit of every n-th read of files named so is another.
  void FlipReads(std::string file, int every, uint32_t seed);
  // Ends all of the above.
  void Heal();
  // The power fails: whatever is asked from now on fails, and what was not synced is gone.
  void Crash();

  // Operations that failed, syncs that were lies, bits that were flipped: so far.
  int failures() const;
  int lies() const;
  int flips() const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& name, const rocksdb::IOOptions& options,
                                uint64_t* size, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // Asked by the files.
  rocksdb::IOStatus Begin(FileOperation operation, const std::string& name);
  void Synced(const std::string& name);
  bool IsLie(const std::string& name);
  size_t EarlyBytes(size_t unsynced);
  void MaybeFlip(const std::string& name, char* bytes, size_t size);

 private:
  struct Flips {
    std::string file;
    int every = 0;
    int reads = 0;
    std::mt19937 random;
  };
  std::shared_ptr<UnsyncedTail> TailOf(const std::string& name);

  const Observer observer_;
  mutable base::Mutex mu_;
  std::map<std::string, std::shared_ptr<UnsyncedTail>> tails_ ABSL_GUARDED_BY(mu_);
  std::vector<Fault> faults_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> lying_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<std::mt19937> early_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Flips> flip_ ABSL_GUARDED_BY(mu_);
  bool crashed_ ABSL_GUARDED_BY(mu_) = false;
  int failures_ ABSL_GUARDED_BY(mu_) = 0;
  int lies_ ABSL_GUARDED_BY(mu_) = 0;
  int flips_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dealog::eventstore
