#pragma once

// The check of a data folder that no server has open: the log, and that what was made out of it is
// of this log and not ahead of it.

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/log_verify.h"

namespace dealog::cli {

// `folder`: a server's data folder, or the log folder in it; the views, the audit's trees and the
// head witness beside the log are compared with it where there are any. The given options'
// followers and on_commit are not used. Errors: see eventstore::VerifyRocksDbLog.
absl::StatusOr<eventstore::LogVerifyReport> CheckFolder(const std::string& folder,
                                                        const eventstore::LogVerifyOptions& given);

}  // namespace dealog::cli
