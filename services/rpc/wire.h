#pragma once

// Request bytes to messages. The services are registered with raw bytes, because gRPC answers a
// request that does not parse with UNIMPLEMENTED and no details: here it becomes FIELD_INVALID.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace dealog::rpc {

// Parses `bytes`. INVALID_ARGUMENT / FIELD_INVALID names the field where text is not UTF-8.
absl::Status ParseRequest(std::string_view bytes, google::protobuf::Message& request);

}  // namespace dealog::rpc
