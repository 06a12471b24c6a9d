#pragma once

// The fields of an activity: what they are called and what may be done with them.

#include <span>

#include "projections/states/activity.h"
#include "projections/states/fields.h"

namespace dealog::states {

using ActivityFieldRow = FieldRow<ActivityState>;
std::span<const ActivityFieldRow> ActivityFields();

}  // namespace dealog::states
