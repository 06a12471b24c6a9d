#pragma once

// The tenant: a log, a time zone and a currency of its own. One stream, tenant/<name>.

#include "dealog/v1/tenants.pb.h"
#include "services/domain/decider.h"
#include "services/domain/state.h"

namespace dealog::domain {

class TenantState final : public StateOf<TenantState> {
 public:
  explicit TenantState(std::string_view stream_id) : name(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string name;
  std::string time_zone;      // IANA, known to the system.
  std::string currency_code;  // ISO 4217.
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

// FIELD_INVALID naming `name` unless it is 1 to 63 of [A-Za-z0-9._-], starting with a letter or
// digit: tenant names become folder and key parts.
absl::Status CheckTenantName(std::string_view name);

// TENANT_EXISTS; FIELD_INVALID for name, time_zone or currency_code.
absl::StatusOr<Decision> Decide(const v1::CreateTenantRequest& request, const CommandMeta& meta,
                                StateReader& reader);

}  // namespace dealog::domain
