#include "projections/views/imports_view.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "projections/views/instants.h"
#include "projections/views/limits.h"

namespace dealog::projections {
namespace {

using events::v1::ImportEvent;

std::string WithThousands(int64_t number) {
  std::string text = absl::StrCat(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

// "product: GTXPro -> GTX Pro (1,480 rows)".
std::string ReplacementText(const events::v1::SpellingReplaced& replaced) {
  return absl::StrCat(replaced.column(), ": ", replaced.from(), " -> ", replaced.to(), " (",
                      WithThousands(replaced.row_count()),
                      replaced.row_count() == 1 ? " row)" : " rows)");
}

void End(v1::Import::State state, int64_t recorded_at_us, v1::Import& import) {
  import.set_state(state);
  SetTimestamp(recorded_at_us, *import.mutable_end_time());
}

}  // namespace

void FoldImportProgress(const events::v1::ImportProgressed& progressed, v1::Import& import) {
  import.set_rows_done(progressed.rows_done());
  import.set_rows_imported(progressed.rows_imported());
  import.set_rows_unchanged(progressed.rows_unchanged());
  import.set_rows_rejected(progressed.rows_rejected());
  import.set_events_written(progressed.events_written());
  for (const events::v1::RejectedRow& row : progressed.rejected()) {
    if (import.rejected_size() >= kRejectedRowsShownMax) break;
    *import.add_rejected() = row;
  }
}

void FoldImportReplacements(const events::v1::ImportCompleted& completed, v1::Import& import) {
  for (const events::v1::SpellingReplaced& replaced : completed.replacements()) {
    import.add_replacements(ReplacementText(replaced));
  }
}

void FoldImportEvent(const ImportEvent& event, int64_t recorded_at_us, v1::Import& import) {
  switch (event.kind_case()) {
    case ImportEvent::kImportStarted:
      import.set_state(v1::Import::RUNNING);
      import.set_mapping_name(event.import_started().mapping_name());
      import.set_row_count(event.import_started().row_count());
      SetTimestamp(recorded_at_us, *import.mutable_start_time());
      return;
    case ImportEvent::kImportProgressed:
      FoldImportProgress(event.import_progressed(), import);
      return;
    case ImportEvent::kImportCompleted:
      End(v1::Import::COMPLETED, recorded_at_us, import);
      FoldImportReplacements(event.import_completed(), import);
      return;
    case ImportEvent::kImportFailed:
      End(v1::Import::FAILED, recorded_at_us, import);
      import.set_error(event.import_failed().message());
      return;
    case ImportEvent::KIND_NOT_SET:
      return;
  }
}

absl::Status ImportsView::Fold(const FoldedEvent& event) {
  if (!event.event.has_import()) return absl::OkStatus();
  const std::string& id = event.header.stream().id();
  v1::Import& import = imports_.Edit(id);
  import.set_import_id(id);
  FoldImportEvent(event.event.import(), event.header.recorded_at_us(), import);
  return absl::OkStatus();
}

ViewDefinition ImportsViewDefinition() {
  return {.name = kImportsView, .version = 2, .make_state = [] {
            return std::make_unique<ImportsView>();
          }};
}

}  // namespace dealog::projections
