#pragma once

// Exit codes of the command line: fixed for ever, scripts rely on them.

#include <string>

#include "absl/status/status.h"

namespace dealog::cli {

inline constexpr int kExitOk = 0;
// The command line itself failed: a file cannot be read, output cannot be written.
inline constexpr int kExitFailure = 1;
// The command line is wrong: unknown command, unknown option, missing argument.
inline constexpr int kExitUsage = 2;
// The job that the command waited for (an import) failed.
inline constexpr int kExitJobFailed = 3;
// `log verify` found damage.
inline constexpr int kExitLogDamaged = 4;
// `audit verify` found that the history is not the one that was signed.
inline constexpr int kExitAuditFailed = 5;
// A call failed: this plus the number of its gRPC code.
inline constexpr int kExitCallBase = 10;

// 0 for OK, else kExitCallBase + the canonical code.
int ExitCodeOf(const absl::Status& status);

// The whole table, as `dealog help exit-codes` prints it.
std::string ExitCodeTable();

}  // namespace dealog::cli
