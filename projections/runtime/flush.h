#pragma once

// What a flush is made of. Called between batches, so that rows and checkpoints belong together.

#include <span>

#include "projections/runtime/lane.h"
#include "projections/runtime/progress.h"
#include "projections/runtime/tenant_state.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Adds the tenant's changed rows and applied positions, of every view that is usable. Locks the
// tenant per view, so that reads wait for one view's rows at most.
void CollectRows(TenantState& tenant, std::span<const ViewDefinition> views,
                 const Progress& progress, ViewWrite& write);

// Adds the checkpoints of the lane's views.
void CollectCheckpoints(const Lane& lane, std::span<const ViewDefinition> views,
                        eventstore::PartitionId partition, ViewWrite& write);

}  // namespace dealog::projections
