#pragma once

// An import as its stream in the log tells it.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
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

}  // namespace dealog::jobs
