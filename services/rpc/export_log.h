#pragma once

// LogService.ExportLog: a tenant's commits, framed.

#include "services/rpc/service.h"

namespace dealog::rpc {

void AddExportMethod(ServiceBuilder& service);

}  // namespace dealog::rpc
