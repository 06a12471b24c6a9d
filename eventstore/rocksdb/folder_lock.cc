#include "eventstore/rocksdb/folder_lock.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::eventstore {

FolderLock::~FolderLock() {
  if (lock_ != nullptr) rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError();
}

absl::Status FolderLock::Take() {
  rocksdb::Env& env = *rocksdb::Env::Default();
  // Without a log there is nothing to lock, and opening it says so.
  if (!env.FileExists(path_ + "/CURRENT").ok()) return absl::OkStatus();
  if (env.LockFile(path_ + "/LOCK", &lock_).ok()) return absl::OkStatus();
  lock_ = nullptr;
  return base::Error(absl::StatusCode::kFailedPrecondition, "NOT_READY",
                     absl::StrCat("the log folder ", path_,
                                  " is in use by another process; stop that process, or verify "
                                  "a backup"));
}

}  // namespace dealog::eventstore
