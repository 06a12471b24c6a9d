#include "services/jobs/import_record.h"

#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/commands/state_loader.h"

namespace dealog::jobs {

absl::StatusOr<ImportRecord> ReadImport(const eventstore::EventLog& log,
                                        const eventstore::TenantId& tenant,
                                        std::string_view import_id) {
  const eventstore::StreamId stream{domain::kImportStream, std::string(import_id)};
  ImportRecord record{.state = states::ImportState(stream.id), .principal = ""};
  for (eventstore::Revision from{1};;) {
    ASSIGN_OR_RETURN(const eventstore::ReadPage page,
                     log.ReadStream(tenant, stream, {.from = from}));
    for (const eventstore::PageEvent& stored : page.events) {
      ASSIGN_OR_RETURN(const commands::ParsedEvent parsed, commands::ParseEvent(stored.view()));
      if (parsed.event.import().has_import_started()) {
        record.principal = parsed.header.actor().principal();
      }
      record.state.Apply(parsed.event, parsed.meta());
      from.value = parsed.header.revision() + 1;
    }
    if (page.end || page.events.empty()) return record;
  }
}

}  // namespace dealog::jobs
