#pragma once

// The tenant: a log, a time zone and a currency of its own. One stream, tenant/<name>.

#include "dealog/v1/tenants.pb.h"
#include "projections/states/tenant.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// FIELD_INVALID naming `name` unless it is 1 to 63 of [A-Za-z0-9._-], starting with a letter or
// digit: tenant names become folder and key parts.
absl::Status CheckTenantName(std::string_view name);

// TENANT_EXISTS; FIELD_INVALID for name, time_zone or currency_code.
absl::StatusOr<Decision> Decide(const v1::CreateTenantRequest& request, const CommandMeta& meta,
                                StateReader& reader);

}  // namespace dealog::domain
