#include "projections/views/imports_view.h"

#include <memory>

#include "projections/views/instants.h"
#include "projections/views/limits.h"

namespace dealog::projections {
namespace {

using events::v1::ImportEvent;

void ApplyProgressed(const events::v1::ImportProgressed& progressed, v1::Import& import) {
  import.set_rows_done(progressed.rows_done());
  import.set_rows_imported(progressed.rows_imported());
  import.set_rows_unchanged(progressed.rows_unchanged());
  import.set_rows_rejected(progressed.rows_rejected());
  for (const events::v1::RejectedRow& row : progressed.rejected()) {
    if (import.rejected_size() >= kRejectedRowsShownMax) break;
    *import.add_rejected() = row;
  }
}

void End(v1::Import::State state, const FoldedEvent& event, v1::Import& import) {
  import.set_state(state);
  SetTimestamp(event.header.recorded_at_us(), *import.mutable_end_time());
}

}  // namespace

absl::Status ImportsView::Fold(const FoldedEvent& event) {
  if (!event.event.has_import()) {
    ++commit_events_;
    return absl::OkStatus();
  }
  const std::string& id = event.header.stream().id();
  v1::Import& import = imports_.Edit(id);
  import.set_import_id(id);
  const ImportEvent& change = event.event.import();
  switch (change.kind_case()) {
    case ImportEvent::kImportStarted:
      import.set_state(v1::Import::RUNNING);
      import.set_mapping_name(change.import_started().mapping_name());
      import.set_row_count(change.import_started().row_count());
      SetTimestamp(event.header.recorded_at_us(), *import.mutable_start_time());
      break;
    case ImportEvent::kImportProgressed:
      ApplyProgressed(change.import_progressed(), import);
      commit_import_ = id;
      break;
    case ImportEvent::kImportCompleted:
      End(v1::Import::COMPLETED, event, import);
      break;
    case ImportEvent::kImportFailed:
      End(v1::Import::FAILED, event, import);
      import.set_error(change.import_failed().message());
      break;
    case ImportEvent::KIND_NOT_SET:
      break;
  }
  return absl::OkStatus();
}

void ImportsView::CommitDone() {
  if (!commit_import_.empty() && commit_events_ > 0) {
    v1::Import& import = imports_.Edit(commit_import_);
    import.set_events_written(import.events_written() + commit_events_);
  }
  commit_import_.clear();
  commit_events_ = 0;
}

ViewDefinition ImportsViewDefinition() {
  return {.name = kImportsView, .version = 1, .make_state = [] {
            return std::make_unique<ImportsView>();
          }};
}

}  // namespace dealog::projections
