#include "services/cli/text/exit_codes.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "services/cli/text/table.h"

namespace dealog::cli {
namespace {

struct CallCode {
  absl::StatusCode code;
  const char* meaning;
};

constexpr CallCode kCallCodes[] = {
    {absl::StatusCode::kCancelled, "the call was cancelled"},
    {absl::StatusCode::kUnknown,
     "the outcome of a write is not known: repeat it with its request id"},
    {absl::StatusCode::kInvalidArgument, "a value is malformed or out of range"},
    {absl::StatusCode::kDeadlineExceeded, "--timeout passed before the reply came"},
    {absl::StatusCode::kNotFound, "there is no such deal, pipeline, tenant, …"},
    {absl::StatusCode::kAlreadyExists, "the id, name or e-mail is taken"},
    {absl::StatusCode::kPermissionDenied, "the actor may not do this"},
    {absl::StatusCode::kResourceExhausted, "a queue, quota, disk or size limit was reached"},
    {absl::StatusCode::kFailedPrecondition, "a rule forbids it in the current state"},
    {absl::StatusCode::kAborted, "somebody else changed it first: read again, then repeat"},
    {absl::StatusCode::kOutOfRange, "a position or instant lies outside the log"},
    {absl::StatusCode::kUnimplemented, "the server does not know this call: another version"},
    {absl::StatusCode::kInternal, "a fault of the server"},
    {absl::StatusCode::kUnavailable, "the server cannot be reached or is not ready"},
    {absl::StatusCode::kDataLoss, "stored data is damaged"},
    {absl::StatusCode::kUnauthenticated, "credentials are missing or wrong"},
};

}  // namespace

int ExitCodeOf(const absl::Status& status) {
  return status.ok() ? kExitOk : kExitCallBase + static_cast<int>(status.code());
}

std::string ExitCodeTable() {
  Table table({{"EXIT", Align::kRight}, {"CODE"}, {"MEANING"}});
  table.AddRow({absl::StrCat(kExitOk), "OK", "done"});
  table.AddRow({absl::StrCat(kExitFailure), "-", "a local file or the output failed"});
  table.AddRow({absl::StrCat(kExitUsage), "-", "unknown command or option, missing argument"});
  table.AddRow({absl::StrCat(kExitJobFailed), "-", "the import that was waited for failed"});
  table.AddRow({absl::StrCat(kExitLogDamaged), "-", "log verify found damage"});
  table.AddRow({absl::StrCat(kExitAuditFailed), "-",
                "`audit verify` found that the history is not the one that was signed"});
  for (const CallCode& row : kCallCodes) {
    table.AddRow({absl::StrCat(kExitCallBase + static_cast<int>(row.code)),
                  absl::StatusCodeToString(row.code), row.meaning});
  }
  std::ostringstream out;
  table.Write(out, /*color=*/false);
  return out.str();
}

}  // namespace dealog::cli
