#pragma once

// Catalogues: members, who can own deals, and products. Display names are unique per tenant (keys
// member.name and product.name).

#include "dealog/v1/catalog.pb.h"
#include "projections/states/catalog.h"
#include "services/domain/decider.h"

namespace dealog::domain {

absl::StatusOr<Decision> Decide(const v1::UpsertMemberRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpsertProductRequest& request, const CommandMeta& meta,
                                StateReader& reader);

}  // namespace dealog::domain
