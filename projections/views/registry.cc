#include "projections/views/registry.h"

namespace dealog::projections {

std::vector<ViewDefinition> AllViews() { return {}; }

}  // namespace dealog::projections
