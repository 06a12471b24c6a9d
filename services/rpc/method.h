#pragma once

// What the .proto files say of a method: its path, its permission, whether it needs a tenant.

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "services/telemetry/call_metrics.h"

namespace dealog::rpc {

struct Method {
  std::string path;        // "/dealog.v1.DealService/MoveDeal"
  std::string permission;  // Of the option dealog.options.v1.permission.
  bool needs_tenant = true;
  // Where its calls are counted; set when it is registered.
  telemetry::MethodCounters* counters = nullptr;
};

// Reads the options of a method.
Method DescribeMethod(const google::protobuf::MethodDescriptor& method);

// Every service of dealog.v1, by full name. A test compares with what the server registers.
std::vector<const google::protobuf::ServiceDescriptor*> AllServices();

}  // namespace dealog::rpc
