#pragma once

// The beginning of a tenant's log, as stored.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "dealog/v1/log.pb.h"
#include "services/cli/client.h"

namespace dealog::cli {

// Reads the events of positions 1 to `count` from the server; stops at the first error of `event`,
// which is returned. `read` is told how many there were, now and then.
absl::Status ReadStoredEvents(const Client& client, uint64_t count,
                              absl::FunctionRef<absl::Status(const v1::StoredEvent&)> event,
                              absl::FunctionRef<void(uint64_t events)> read);

}  // namespace dealog::cli
