#pragma once

// What a flush is made of: the rows of slots, and beside them how far each is folded.

#include <string_view>

#include "projections/runtime/tenant_state.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Adds the state's changed rows and its point.
void CollectSlot(std::string_view view, const eventstore::TenantId& tenant, ViewState& state,
                 const SlotPoint& point, ViewWrite& write);

// Adds what is live of the tenant, if anything of it is dirty; false if not. From then on it counts
// as unwritten, until the caller says that the write was.
bool CollectTenant(TenantState& tenant, std::span<const ViewDefinition> views, ViewWrite& write)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(tenant.mu);

// What the tenant's live slots hold, about, bytes.
size_t Measure(TenantState& tenant);

}  // namespace dealog::projections
