#pragma once

// Keeps what is resident within the budget: the tenants that were not read for longest leave.

#include <cstddef>

#include "projections/runtime/shared.h"

namespace dealog::projections {

// Flushes the tenant and lets go of it, unless somebody else holds it or something of it is behind.
// Waits for the store; not from its thread. `tenant` must be the caller's only hold.
bool Evict(Shared& shared, const TenantPtr& tenant);

// Evicts until `more` bytes would fit into the budget, as far as possible; true if they do. Always
// true without a budget, and where nothing else is resident: a tenant larger than the budget is
// served, alone.
bool MakeRoom(Shared& shared, size_t more);

}  // namespace dealog::projections
