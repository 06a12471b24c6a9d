#pragma once

// An import as its stream in the log tells it.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "projections/states/import.h"

namespace dealog::jobs {

struct ImportRecord {
  states::ImportState state;  // Of revision 0: there is no such import.
  std::string principal;      // Who started it.
};

// Folds the import's stream.
absl::StatusOr<ImportRecord> ReadImport(const eventstore::EventLog& log,
                                        const eventstore::TenantId& tenant,
                                        std::string_view import_id);

}  // namespace dealog::jobs
