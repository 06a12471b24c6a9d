#pragma once

// The values that one field of a deal had, out of its events. Pure.

#include <vector>

#include "absl/status/statusor.h"
#include "dealog/v1/history.pb.h"
#include "services/commands/state_loader.h"
#include "services/rpc/history_text.h"

namespace dealog::rpc {

// INVALID_ARGUMENT / FIELD_INVALID names the fields there are.
absl::Status CheckDealField(std::string_view field);

// The values, oldest first; a value is left out where it equals the one before.
std::vector<v1::FieldValue> FieldValues(std::string_view field,
                                        const std::vector<commands::ParsedEvent>& events,
                                        const Names& names);

}  // namespace dealog::rpc
