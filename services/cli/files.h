#pragma once

// Files that a command reads and writes.

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::cli {

// The exit code of these failures is kExitFailure: nothing was sent.
absl::Status FileError(const std::string& path, const std::string& problem);
bool IsFileError(const absl::Status& status);

// Writes a file whole, in place of one that is there.
absl::Status WriteTextFile(const std::string& path, const std::string& text);

// The data folder of a server holds the log as `log`; either may be named.
std::string LogFolderOf(const std::string& folder);

// The whole text of a file of at most `bytes_max`.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max);

}  // namespace dealog::cli
