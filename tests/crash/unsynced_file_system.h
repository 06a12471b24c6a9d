#pragma once

// A file system that loses at SIGKILL what a power failure would lose: bytes that were written but
// not synced. The operating system's page cache survives a killed process, so that a log which
// never syncs would pass a plain kill test; here unsynced bytes exist only in this process.
//
// Modelled: the contents of files. Not modelled: creations, renames and removals count as durable
// at once, and a sync is whole or nothing.

#include <map>
#include <memory>
#include <string>

#include "eventstore/base/mutex.h"
#include "rocksdb/file_system.h"

namespace dealog::eventstore {

// Thread safety: yes. Files must not outlive it.
class UnsyncedFileSystem : public rocksdb::FileSystemWrapper {
 public:
  UnsyncedFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  static const char* kClassName() { return "UnsyncedFileSystem"; }
  const char* Name() const override { return kClassName(); }

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
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // Keeps the unsynced end of a file that was closed.
  void Keep(const std::string& name, std::string unsynced);

 private:
  // A closed file is read back by its own process, which must see what it wrote: those bytes are
  // written out, as if they had been synced. (The log's write-ahead logs are never read back.)
  rocksdb::IOStatus WriteOut(const std::string& name);

  base::Mutex mu_;
  std::map<std::string, std::string> unsynced_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::eventstore
