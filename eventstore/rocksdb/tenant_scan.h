#pragma once

// ReadTenant: walks a tenant's commits, all of them or those that an index proposes. Internal to
// this folder.

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {

// `head`: the tenant's published head; nothing beyond it is looked at.
absl::StatusOr<ReadPage> ScanTenant(const LogDatabase& database, const TenantId& tenant,
                                    const TenantReadOptions& options, Position head);

}  // namespace dealog::eventstore
