#pragma once

// Errors of a part of a request.

#include <string_view>

#include "absl/status/status.h"

namespace dealog::rpc {

// The same error, of the part that `path` names ("queries[2]"): its message and the fields in its
// details begin with the path, and ErrorInfo.metadata names it as "within". OK stays OK.
absl::Status Within(std::string_view path, const absl::Status& error);

}  // namespace dealog::rpc
