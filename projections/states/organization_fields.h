#pragma once

// The fields of an organization: what they are called and what may be done with them.

#include <span>

#include "projections/states/fields.h"
#include "projections/states/organization.h"

namespace dealog::states {

using OrganizationFieldRow = FieldRow<OrganizationState>;
std::span<const OrganizationFieldRow> OrganizationFields();

}  // namespace dealog::states
