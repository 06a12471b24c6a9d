#pragma once

// Sends a mapping and the files that it names to ImportService.StartImport.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dealog/v1/common.pb.h"
#include "dealog/v1/imports.pb.h"
#include "services/cli/session.h"

namespace dealog::cli {

struct ImportInput {
  std::string folder;
  std::string mapping_path;
  // Bare date or time; unset = the mapping's reference_at.
  v1::Instant undated_at;
  bool dry_run = false;
};

// Names (without folders, sorted) of the files of `folder` that `mapping` names between quotes:
// what it does not name the server does not need.
absl::StatusOr<std::vector<std::string>> FilesNamedBy(const std::string& mapping,
                                                      const std::string& folder);

// Starts the job, or finds the one that runs for the same input already.
absl::StatusOr<v1::Import> StartImport(const ImportInput& input, Session& session);

}  // namespace dealog::cli
