#pragma once

// Who calls, and what they may do. Without credentials configured the server listens on loopback
// only (see server/options.h), a principal is whoever it says it is, and may do everything.

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dealog::access {

// Longest value of the `dealog-actor` metadata key, bytes.
inline constexpr size_t kActorBytesMax = 64;
// Longest tenant name, bytes, as the log has it.
inline constexpr size_t kTenantBytesMax = 63;

// An authenticated caller. `name` is what events record, for example "user:ada".
struct Principal {
  std::string name;
};

// The principal of a call whose `dealog-actor` metadata is `actor` (empty: "anonymous").
// INVALID_ARGUMENT / FIELD_INVALID unless it is printable ASCII without '/' of at most
// kActorBytesMax bytes: '/' separates the parts of the principals that the server stamps itself.
absl::StatusOr<Principal> Authenticate(std::string_view actor);

// OK if the principal has the permission; PERMISSION_DENIED otherwise. A method without a
// permission is refused to everybody.
absl::Status Authorize(const Principal& principal, std::string_view permission);

// OK if `tenant` can be the name of a tenant; INVALID_ARGUMENT / TENANT_REQUIRED if it is empty.
absl::Status CheckTenantName(std::string_view tenant);

// True for hosts that only this machine reaches: 127.0.0.0/8, ::1 and localhost.
bool IsLoopback(std::string_view host);

}  // namespace dealog::access
