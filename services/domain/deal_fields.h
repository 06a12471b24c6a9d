#pragma once

// The fields of a deal that a stage can ask for.

#include <string>
#include <string_view>

#include "projections/states/deal.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// title, source, owner, amount, expected_close_date, organization, product.
bool IsRequirableField(std::string_view name);
std::string RequirableFieldsText();
// True if the deal has a value for it; false for an unknown name.
bool IsFieldSet(const DealState& deal, std::string_view name);

}  // namespace dealog::domain
