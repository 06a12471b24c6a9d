#pragma once

// The proofs of HistoryService: checkpoints, inclusion, consistency.

#include "services/rpc/service.h"

namespace dealog::rpc {

void AddAuditMethods(ServiceBuilder& service);

}  // namespace dealog::rpc
