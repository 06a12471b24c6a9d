#include "services/jobs/import_record.h"

#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "projections/views/imports_view.h"
#include "services/commands/state_loader.h"

namespace dealog::jobs {

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
      const events::v1::ImportEvent& event = parsed.event.import();
      if (event.has_import_started()) record.principal = parsed.header.actor().principal();
      projections::FoldImportEvent(event, parsed.header.recorded_at_us(), record.import);
      from.value = parsed.header.revision() + 1;
    }
    if (page.end || page.events.empty()) return record;
  }
}

}  // namespace dealog::jobs
