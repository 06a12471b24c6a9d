#pragma once

// How the views stand: what `dealog projection list` and the metrics tell.

#include <memory>
#include <span>
#include <vector>

#include "projections/runtime/follower.h"
#include "projections/runtime/runner.h"
#include "projections/runtime/shared.h"

namespace dealog::projections {

// Locks the resident tenants one after another.
std::vector<ProjectionStatus> CollectStatuses(Shared& shared,
                                              std::span<const std::unique_ptr<Follower>> followers);

}  // namespace dealog::projections
