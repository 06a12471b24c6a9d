#pragma once

// LogService for other services: their stream types, and the three ways to append.

#include "services/rpc/service.h"

namespace dealog::rpc {

void AddAppendMethods(ServiceBuilder& service);

}  // namespace dealog::rpc
