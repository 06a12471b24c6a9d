#include "services/server/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/status.h"

namespace dealog::server {
namespace {

constexpr size_t kKeyBytes = base::Secret::kBytes;

// Closes at the end of its scope.
class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : descriptor_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool ok() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

absl::Status Failed(std::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(std::string(what), " ", path));
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("can't make the folder ", path, ": ", error.message()));
}

// Keeps a second server out: two would each think the log theirs.
absl::StatusOr<int> Lock(const std::string& data_dir) {
  const std::string path = data_dir + "/LOCK";
  File file(path, O_RDWR | O_CREAT, 0600);
  if (!file.ok()) return Failed("can't open", path);
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    const ssize_t size = read(file.get(), holder.data(), holder.size() - 1);
    const std::string process(holder.data(), size > 0 ? static_cast<size_t>(size) : 0);
    return absl::FailedPreconditionError(
        absl::StrCat("the data folder ", data_dir, " is in use by another dealogd (process ",
                     std::string(absl::StripAsciiWhitespace(process)),
                     "); stop it or choose another --data-dir"));
  }
  const std::string process = absl::StrCat(getpid(), "\n");
  if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), process.data(), process.size(), 0) !=
                                           static_cast<ssize_t>(process.size())) {
    return Failed("can't write", path);
  }
  return file.release();
}

absl::Status SyncFolder(const std::string& path) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || fsync(folder.get()) != 0) return Failed("can't sync", path);
  return absl::OkStatus();
}

// Written whole and synced under another name first: a kill leaves no half of a key.
absl::StatusOr<std::string> MakeKey(const std::string& folder, const std::string& path) {
  std::string key(kKeyBytes, '\0');
  base::RandomBytes(reinterpret_cast<uint8_t*>(key.data()), key.size());
  const std::string fresh = path + ".new";
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file.ok() ||
        write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
        fsync(file.get()) != 0) {
      return Failed("can't write", fresh);
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return Failed("can't rename", fresh);
  RETURN_IF_ERROR(SyncFolder(folder));
  return key;
}

absl::StatusOr<std::string> ReadKey(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file.ok()) return Failed("can't open", path);
  std::string key(kKeyBytes + 1, '\0');
  const ssize_t size = read(file.get(), key.data(), key.size());
  if (size == static_cast<ssize_t>(kKeyBytes)) return key.substr(0, kKeyBytes);
  return absl::DataLossError(
      absl::StrCat(path, ": expected ", kKeyBytes, " bytes, found ", size, "; restore the key"));
}

absl::Status ReadOrMakeKey(const std::string& folder, const std::string& name,
                           std::optional<base::Secret>& key) {
  const std::string path = folder + "/" + name;
  const bool exists = access(path.c_str(), F_OK) == 0;
  ASSIGN_OR_RETURN(const std::string bytes, exists ? ReadKey(path) : MakeKey(folder, path));
  key.emplace(bytes);
  return absl::OkStatus();
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Served half-way, a restore or an import could never be finished.
absl::Status CheckNothingBegun(const std::string& path) {
  for (const char* mark : {"restore", "import"}) {
    if (!Exists(absl::StrCat(path, "/", mark))) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        path, "/", mark, " says that a", mark[0] == 'i' ? "n " : " ", mark,
        " into this folder has begun and not ended; run the same command again, it goes on where "
        "it ended"));
  }
  return absl::OkStatus();
}

// A new key in place of one that is gone would do harm that is noticed late.
absl::Status CheckKeys(const std::string& keys, const std::string& log, const std::string& audit) {
  if (Exists(log + "/CURRENT") && !Exists(keys + "/unique.key")) {
    return absl::FailedPreconditionError(
        absl::StrCat(keys, "/unique.key is gone, but ", log,
                     " was written with it: without the key no unique value could be found again. "
                     "Restore the key from the backup of the folder"));
  }
  if (Exists(audit + "/CURRENT") && !Exists(keys + "/audit.key")) {
    return absl::FailedPreconditionError(
        absl::StrCat(keys,
                     "/audit.key is gone: what auditors keep was signed with it, and they "
                     "would take no other for this server's. Restore the key from the backup of "
                     "the folder; or, to begin with a new one, delete ",
                     audit, " and give the auditors the new public key"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDir>> DataDir::Open(const std::string& path) {
  RETURN_IF_ERROR(MakeFolder(path));
  RETURN_IF_ERROR(CheckNothingBegun(path));
  ASSIGN_OR_RETURN(const int lock, Lock(path));
  std::unique_ptr<DataDir> dir(new DataDir(path, lock));
  const std::string keys = path + "/keys";
  RETURN_IF_ERROR(CheckKeys(keys, dir->log_path(), dir->audit_path()));
  RETURN_IF_ERROR(MakeFolder(dir->imports_path()));
  RETURN_IF_ERROR(MakeFolder(dir->workflows_path()));
  RETURN_IF_ERROR(MakeFolder(keys));
  if (chmod(keys.c_str(), 0700) != 0) return Failed("can't protect", keys);
  RETURN_IF_ERROR(ReadOrMakeKey(keys, "audit.key", dir->audit_key_));
  RETURN_IF_ERROR(ReadOrMakeKey(keys, "unique.key", dir->unique_key_));
  RETURN_IF_ERROR(ReadOrMakeKey(keys, "token.key", dir->token_key_));
  return dir;
}

DataDir::~DataDir() { close(lock_); }

}  // namespace dealog::server
