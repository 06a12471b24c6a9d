#pragma once

// Keeps what is resident within the budget: the tenants that were not read for longest leave.

#include <cstddef>

#include "projections/runtime/shared.h"

namespace dealog::projections {

// Flushes the tenant and lets go of it, unless somebody else holds it or something of it is behind.
// Waits until its rows are written; not from the store's thread. `tenant` must be the caller's only
// pointer.
bool Evict(Shared& shared, const TenantPtr& tenant);

// Evicts until the tenant could hold `more` bytes than it does, and counts them as its own from
// then on; false if there is no room. Always true without a budget, and where nothing else is
// resident: a tenant larger than the budget is served, alone.
bool Reserve(Shared& shared, TenantState& tenant, size_t more);

// Evicts until what is resident fits into the budget, as far as possible.
void Trim(Shared& shared);

}  // namespace dealog::projections
