#pragma once

// An import as its stream in the log tells it.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/events/v1/import.pb.h"
#include "dealog/v1/imports.pb.h"
#include "eventstore/event_log.h"

namespace dealog::jobs {

struct ImportRecord {
  v1::Import import;      // state STATE_UNSPECIFIED: there is no such import.
  std::string principal;  // Who started it.
};

// Folds the import's stream.
absl::StatusOr<ImportRecord> ReadImport(const eventstore::EventLog& log,
                                        const eventstore::TenantId& tenant,
                                        std::string_view import_id);

// "product: GTXPro -> GTX Pro (1,480 rows)".
std::string ReplacementText(const events::v1::SpellingReplaced& replaced);

// Puts an event's news into `import`; what both the log's reader and a running job do.
void Apply(const events::v1::ImportProgressed& progressed, v1::Import& import);
void Apply(const events::v1::ImportCompleted& completed, v1::Import& import);

}  // namespace dealog::jobs
