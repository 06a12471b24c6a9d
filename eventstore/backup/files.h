#pragma once

// Files of backups and exports: whole reads, appends and durable writes, with errors that say what
// to do. A full disk is RESOURCE_EXHAUSTED / DISK_LOW. Internal to this folder.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::eventstore {

// NOT_FOUND without a reason if there is none; DATA_LOSS / CORRUPT_RECORD beyond `bytes_max`.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);
// Under another name first, synced, then renamed: whole or not at all, also after a power failure.
absl::Status WriteFileDurably(const std::string& path, std::string_view bytes);
// Makes the folder and those above it durable.
absl::Status MakeFolder(const std::string& path);
absl::Status SyncFolder(const std::string& path);
absl::Status Rename(const std::string& from, const std::string& to);
bool FileExists(const std::string& path);
// Names in a folder, sorted; empty if there is no such folder.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder);
// RESOURCE_EXHAUSTED / DISK_LOW if the file's disk has fewer free bytes.
absl::Status CheckFreeBytes(const std::string& folder, uint64_t free_bytes_min);

// A file that grows at its end. Thread safety: none.
class AppendFile {
 public:
  // Cuts it to `size` bytes; makes it if `size` is 0.
  static absl::StatusOr<std::unique_ptr<AppendFile>> Open(const std::string& path, uint64_t size);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  absl::Status Append(std::string_view bytes);
  absl::Status Sync();
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  AppendFile(std::string path, int descriptor, uint64_t size)
      : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  const std::string path_;
  const int descriptor_;
  uint64_t size_;
};

// An advisory lock of a file, which other processes and other holders in this one respect.
class LockedFile {
 public:
  // `in_use` if somebody has it.
  static absl::StatusOr<std::unique_ptr<LockedFile>> Take(const std::string& path,
                                                          const absl::Status& in_use);
  ~LockedFile();
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

 private:
  explicit LockedFile(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace dealog::eventstore
