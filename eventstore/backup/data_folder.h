#pragma once

// The places of a data folder that restores and imports make, and its lock (all of its places:
// services/server/data_dir.h). Internal to this folder.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/backup/files.h"

namespace dealog::eventstore {

inline std::string LogPath(const std::string& folder) { return folder + "/log"; }
inline std::string WitnessPath(const std::string& folder) { return folder + "/witness/head"; }
inline std::string KeysPath(const std::string& folder) { return folder + "/keys"; }
// While they are there, no server starts.
inline std::string RestoreMark(const std::string& folder) { return folder + "/restore"; }
inline std::string ImportMark(const std::string& folder) { return folder + "/import"; }

// Keeps servers, restores and imports out until it is destroyed. FAILED_PRECONDITION / NOT_READY:
// one of them has the folder.
absl::StatusOr<std::unique_ptr<LockedFile>> LockDataFolder(const std::string& folder);

}  // namespace dealog::eventstore
