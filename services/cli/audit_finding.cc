#include "services/cli/audit_finding.h"

#include <vector>

#include "eventstore/base/error.h"

namespace dealog::cli {
namespace {

constexpr char kReason[] = "AUDIT_FAILED";

}  // namespace

absl::Status AuditFailure(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, kReason, what);
}

bool IsAuditFailure(const absl::Status& status) { return base::ReasonOf(status) == kReason; }

absl::Status Finding(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kDataLoss || IsAuditFailure(status)) return status;
  return AuditFailure({status.message().data(), status.message().size()});
}

absl::Status AddEvent(const v1::StoredEvent& event, eventstore::HistoryCheck& check) {
  const std::vector<std::string_view> sealed(event.sealed().begin(), event.sealed().end());
  return check.Add(event.header(), event.payload(), sealed);
}

void TakeNewest(const eventstore::Checkpoint& checkpoint, AuditFindings& findings) {
  if (checkpoint.size >= findings.newest.size) findings.newest = checkpoint;
}

}  // namespace dealog::cli
