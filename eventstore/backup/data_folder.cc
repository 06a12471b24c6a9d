#include "eventstore/backup/data_folder.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::eventstore {

absl::StatusOr<std::unique_ptr<LockedFile>> LockDataFolder(const std::string& folder) {
  return LockedFile::Take(
      folder + "/LOCK",
      base::Error(absl::StatusCode::kFailedPrecondition, "NOT_READY",
                  absl::StrCat("the data folder ", folder,
                               " is in use by another process (a server, a restore or an import); "
                               "stop it, or give another folder")));
}

}  // namespace dealog::eventstore
