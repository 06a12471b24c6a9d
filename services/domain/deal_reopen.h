#pragma once

// How a closed deal comes back: shared by MoveDeal and ReopenDeal, not for others.

#include <string_view>

#include "services/domain/deal_rules.h"

namespace dealog::domain {

// Reopens a closed deal into `wanted` (null: the mode's default). The unset mode is RESUME from
// LOST and NEW_CYCLE from WON. A retired stage stands for its replacement. `field` names `wanted`
// in errors.
absl::StatusOr<Decision> Reopen(const DealSubject& subject, const PipelineStage* wanted,
                                std::string_view field, events::v1::ReopenMode mode);

}  // namespace dealog::domain
