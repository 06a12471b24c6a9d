#pragma once

// Small parts that the checks of `dealog audit verify` share.

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/merkle/history_check.h"
#include "services/cli/audit_check.h"

namespace dealog::cli {

// The history is not the one that was signed.
absl::Status AuditFailure(std::string_view what);

// A contradiction that the library found (DATA_LOSS) as AUDIT_FAILED; all else as it is.
absl::Status Finding(const absl::Status& status);
template <typename T>
absl::StatusOr<T> Finding(absl::StatusOr<T> result) {
  if (!result.ok()) return Finding(result.status());
  return result;
}

absl::Status AddEvent(const v1::StoredEvent& event, eventstore::HistoryCheck& check);
void TakeNewest(const eventstore::Checkpoint& checkpoint, AuditFindings& findings);

}  // namespace dealog::cli
