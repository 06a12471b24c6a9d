#pragma once

// Folding views anew: of all tenants, or of one.

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "projections/runtime/follower.h"
#include "projections/runtime/shared.h"

namespace dealog::projections {

// Drops the views' rows and has them folded anew by the loader; returns once the rows are gone.
// The slots begin another life first, then every flush that holds rows of the earlier one is given
// to the store, and the drop behind them.
absl::Status RebuildViews(Shared& shared, std::span<const std::unique_ptr<Follower>> followers,
                          std::span<const ViewIndex> views);
absl::Status RebuildTenant(Shared& shared, Follower& follower, const TenantPtr& tenant,
                           std::span<const ViewIndex> views);

// Has tenants refreshed whose stored rows lie far behind the log, or were folded by a build that
// knew less than this one. For the start; ends early once everything ends.
void Survey(Shared& shared);

}  // namespace dealog::projections
