#include "services/jobs/chunk_decider.h"

#include <string>
#include <utility>

#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/jobs/limits.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

// At most kRejectionBytesMax bytes, whole characters.
std::string Shortened(std::string text) {
  if (text.size() <= kRejectionBytesMax) return text;
  text.resize(kRejectionBytesMax);
  text.resize(ValidUtf8Prefix(text));
  return text.append("…");
}

void Reject(const ImportRow& row, std::string reason, std::string message,
            events::v1::ImportProgressed& progress) {
  events::v1::RejectedRow& rejected = *progress.add_rejected();
  rejected.set_file(row.file);
  rejected.set_line(row.line);
  rejected.set_key(row.key.substr(0, ValidUtf8Prefix(row.key)));
  rejected.set_reason(std::move(reason));
  rejected.set_message(Shortened(std::move(message)));
  progress.set_rows_rejected(progress.rows_rejected() + 1);
}

}  // namespace

absl::Status DecideRows(const RowDecider& decider, const std::vector<ImportRow>& rows,
                        const domain::CommandMeta& meta, domain::Staging& staging,
                        domain::Decision& total, events::v1::ImportProgressed& progress) {
  progress.set_rows_done(progress.rows_done() + static_cast<int64_t>(rows.size()));
  for (const ImportRow& row : rows) {
    if (row.fault) {
      Reject(row, row.fault->reason, row.fault->message, progress);
      continue;
    }
    absl::StatusOr<domain::Decision> decision = decider.Decide(row, meta, staging);
    if (!decision.ok()) {
      if (IsServerFault(decision.status())) return decision.status();
      Reject(row, base::ReasonOf(decision.status()), std::string(decision.status().message()),
             progress);
      continue;
    }
    if (decision->events.empty()) {
      progress.set_rows_unchanged(progress.rows_unchanged() + 1);
      continue;
    }
    progress.set_rows_imported(progress.rows_imported() + 1);
    progress.set_events_written(progress.events_written() +
                                static_cast<int64_t>(decision->events.size()));
    RETURN_IF_ERROR(staging.Stage(*std::move(decision), meta, total));
  }
  return absl::OkStatus();
}

}  // namespace dealog::jobs
