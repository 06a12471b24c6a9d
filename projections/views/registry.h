#pragma once

// Every view, one line each. To add one: docs/howto/add_a_view.md.

#include <vector>

#include "projections/projection.h"

namespace dealog::projections {

std::vector<ViewDefinition> AllViews();

}  // namespace dealog::projections
