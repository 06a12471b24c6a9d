#pragma once

// AdminService.VerifyLog: the scrub, asked for and watched.

#include "services/rpc/service.h"

namespace dealog::rpc {

void AddVerifyLogMethod(ServiceBuilder& service);

}  // namespace dealog::rpc
