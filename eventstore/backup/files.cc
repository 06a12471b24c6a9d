#include "eventstore/backup/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/log_errors.h"

namespace dealog::eventstore {
namespace {

absl::Status Failed(const char* what, const std::string& path, int code) {
  const std::string message =
      absl::StrCat("can't ", what, " ", path, ": ", std::generic_category().message(code));
  if (code == ENOSPC || code == EDQUOT) {
    return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW",
                       absl::StrCat(message,
                                    "; free space and run the same command again: it goes "
                                    "on where it ended"));
  }
  return base::Error(absl::StatusCode::kInternal, "INTERNAL",
                     absl::StrCat(message, "; check the path, its owner and its disk"));
}

// Closes at the end of its scope.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : value_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool ok() const { return value_ >= 0; }
  int get() const { return value_; }
  int Release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

absl::Status WriteAll(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  const Descriptor file(path, O_RDONLY);
  if (!file.ok() && errno == ENOENT) return absl::NotFoundError(path + " is missing");
  if (!file.ok()) return Failed("open", path, errno);
  std::string bytes;
  size_t size = 0;
  for (;;) {
    if (size > bytes_max) {
      return base::Error(
          absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
          absl::StrCat(path, ": expected at most ", bytes_max, " bytes, found more"));
    }
    bytes.resize(std::max<size_t>(size * 2, 64 << 10));
    const ssize_t taken = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) return Failed("read", path, errno);
    if (taken == 0) break;
    size += static_cast<size_t>(taken);
  }
  bytes.resize(size);
  return bytes;
}

absl::Status WriteFileDurably(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  ASSIGN_OR_RETURN(const auto file, AppendFile::Open(fresh, 0));
  RETURN_IF_ERROR(file->Append(bytes));
  RETURN_IF_ERROR(file->Sync());
  return Rename(fresh, path);
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) return SyncFolder(ParentOf(path));
  if (error) return Failed("make the folder", path, error.value());
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || fsync(folder.get()) != 0) return Failed("sync the folder", path, errno);
  return absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return Failed("rename", from, errno);
  return SyncFolder(ParentOf(to));
}

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    names.push_back(entry.path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Failed("list", folder, error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status CheckFreeBytes(const std::string& folder, uint64_t free_bytes_min) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return Failed("look at the disk of", folder, errno);
  const uint64_t free_bytes = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free_bytes >= free_bytes_min) return absl::OkStatus();
  return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW",
                     absl::StrCat("the disk of ", folder, " has ", free_bytes,
                                  " free bytes, expected at least ", free_bytes_min,
                                  "; free space and run the same command again: it goes on where "
                                  "it ended"));
}

absl::StatusOr<std::unique_ptr<AppendFile>> AppendFile::Open(const std::string& path,
                                                             uint64_t size) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file.ok()) return Failed("open", path, errno);
  if (ftruncate(file.get(), static_cast<off_t>(size)) != 0) return Failed("cut", path, errno);
  return std::unique_ptr<AppendFile>(new AppendFile(path, file.Release(), size));
}

AppendFile::~AppendFile() { close(descriptor_); }

absl::Status AppendFile::Append(std::string_view bytes) {
  RETURN_IF_ERROR(WriteAll(descriptor_, bytes, path_));
  size_ += bytes.size();
  return absl::OkStatus();
}

absl::Status AppendFile::Sync() {
  if (fsync(descriptor_) != 0) return Failed("sync", path_, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<LockedFile>> LockedFile::Take(const std::string& path,
                                                             const absl::Status& in_use) {
  Descriptor file(path, O_RDWR | O_CREAT);
  if (!file.ok()) return Failed("open", path, errno);
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? in_use : Failed("lock", path, errno);
  }
  return std::unique_ptr<LockedFile>(new LockedFile(file.Release()));
}

LockedFile::~LockedFile() { close(descriptor_); }

}  // namespace dealog::eventstore
