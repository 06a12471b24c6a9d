#pragma once

// What backups and exports share: the checkpoints that are signed for them.

#include <functional>

#include "eventstore/backup/backup_run.h"
#include "services/rpc/core.h"

namespace dealog::rpc {

using CheckpointFunction = std::function<eventstore::SignedCheckpoint(
    const eventstore::TenantId& tenant, eventstore::Position position)>;

// Signs the tree of exactly that size, after waiting kAuditWait for it (until that was once in
// vain); gives nothing where it can't be had. `core` must outlive the function.
CheckpointFunction SignedCheckpoints(const Core& core);

}  // namespace dealog::rpc
