#pragma once

// Organizations: companies, clubs, households. The normalised domain is unique per tenant (key
// organization.domain).

#include <string>
#include <string_view>

#include "dealog/v1/organizations.pb.h"
#include "projections/states/organization.h"
#include "services/domain/decider.h"
#include "services/domain/values.h"

namespace dealog::domain {

absl::StatusOr<Decision> Decide(const v1::CreateOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpsertOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UpdateOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::TagOrganizationRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::UntagOrganizationRequest& request,
                                const CommandMeta& meta, StateReader& reader);

}  // namespace dealog::domain
