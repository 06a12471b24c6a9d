#pragma once

// What is checked of every request before any service sees it: no unknown field, no enum value that
// the server does not know, no control characters in text.

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace dealog::rpc {

// INVALID_ARGUMENT / FIELD_INVALID names the field's path, for example "rules.lost_reasons[2]".
// Limits of length and range belong to the fields' meaning: services/domain checks them.
absl::Status ValidateRequest(const google::protobuf::Message& request);

}  // namespace dealog::rpc
