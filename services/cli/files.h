#pragma once

// Files that a command reads.

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::cli {

// The exit code of these failures is kExitFailure: nothing was sent.
absl::Status FileError(const std::string& path, const std::string& problem);
bool IsFileError(const absl::Status& status);

// The whole text of a file of at most `bytes_max`.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max);

}  // namespace dealog::cli
