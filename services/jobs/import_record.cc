#include "services/jobs/import_record.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "services/commands/state_loader.h"
#include "services/domain/stream_types.h"
#include "services/domain/values.h"
#include "services/jobs/limits.h"

namespace dealog::jobs {
namespace {

std::string WithThousands(int64_t number) {
  std::string text = absl::StrCat(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

void Fold(const events::v1::Event& event, const domain::EventMeta& meta, ImportRecord& record) {
  const events::v1::ImportEvent& kind = event.import();
  v1::Import& import = record.import;
  switch (kind.kind_case()) {
    case events::v1::ImportEvent::kImportStarted:
      import.set_state(v1::Import::RUNNING);
      import.set_mapping_name(kind.import_started().mapping_name());
      import.set_row_count(kind.import_started().row_count());
      *import.mutable_start_time() = domain::ToTimestamp(meta.recorded_at_us);
      record.principal = std::string(meta.principal);
      return;
    case events::v1::ImportEvent::kImportProgressed:
      Apply(kind.import_progressed(), import);
      return;
    case events::v1::ImportEvent::kImportCompleted:
      Apply(kind.import_completed(), import);
      *import.mutable_end_time() = domain::ToTimestamp(meta.recorded_at_us);
      return;
    case events::v1::ImportEvent::kImportFailed:
      import.set_state(v1::Import::FAILED);
      import.set_error(kind.import_failed().message());
      *import.mutable_end_time() = domain::ToTimestamp(meta.recorded_at_us);
      return;
    case events::v1::ImportEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace

std::string ReplacementText(const events::v1::SpellingReplaced& replaced) {
  return absl::StrCat(replaced.column(), ": ", replaced.from(), " -> ", replaced.to(), " (",
                      WithThousands(replaced.row_count()),
                      replaced.row_count() == 1 ? " row)" : " rows)");
}

void Apply(const events::v1::ImportProgressed& progressed, v1::Import& import) {
  import.set_rows_done(progressed.rows_done());
  import.set_rows_imported(progressed.rows_imported());
  import.set_rows_unchanged(progressed.rows_unchanged());
  import.set_rows_rejected(progressed.rows_rejected());
  import.set_events_written(progressed.events_written());
  for (const events::v1::RejectedRow& row : progressed.rejected()) {
    if (import.rejected_size() < kRejectedShownMax) *import.add_rejected() = row;
  }
}

void Apply(const events::v1::ImportCompleted& completed, v1::Import& import) {
  import.set_state(v1::Import::COMPLETED);
  for (const auto& replaced : completed.replacements()) {
    import.add_replacements(ReplacementText(replaced));
  }
}

absl::StatusOr<ImportRecord> ReadImport(const eventstore::EventLog& log,
                                        const eventstore::TenantId& tenant,
                                        std::string_view import_id) {
  const eventstore::StreamId stream{domain::kImportStream, std::string(import_id)};
  ImportRecord record;
  record.import.set_import_id(stream.id);
  for (eventstore::Revision from{1};;) {
    ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                     log.ReadStream(tenant, stream, {.from = from}));
    for (const eventstore::PageEvent& stored : page.events) {
      ASSIGN_OR_RETURN(const commands::ParsedEvent parsed, commands::ParseEvent(stored.view()));
      Fold(parsed.event, parsed.meta(), record);
      from.value = parsed.header.revision() + 1;
    }
    if (page.end || page.events.empty()) return record;
  }
}

}  // namespace dealog::jobs
