#pragma once

// Checks a whole log (eventstore/log_verify.h): a folder that nobody has open, or the database of a
// log that serves. Changes nothing. Memory: LogVerifyOptions::rows_in_memory_max, some 100 bytes
// per tenant, and 1 MiB.

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/log_verify.h"

namespace dealog::eventstore {

class LogDatabase;

// See LogVerifier::Verify. A log that is too damaged to be opened is in the report, too.
// FAILED_PRECONDITION: no log, another format, in use by a process.
absl::StatusOr<LogVerifyReport> VerifyRocksDbLog(const std::string& path,
                                                 const LogVerifyOptions& options = {});
// The same of an open database, as it is when the call begins.
absl::StatusOr<LogVerifyReport> VerifyLog(const LogDatabase& database,
                                          const LogVerifyOptions& options);

}  // namespace dealog::eventstore
