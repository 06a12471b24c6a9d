#include "projections/states/tenant.h"

namespace dealog::states {

using events::v1::TenantEvent;

size_t TenantState::ApproximateBytes() const {
  return sizeof(*this) + name.size() + time_zone.size() + currency_code.size();
}

void TenantState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  switch (event.tenant().kind_case()) {
    case TenantEvent::kTenantCreated:
      time_zone = event.tenant().tenant_created().time_zone();
      currency_code = event.tenant().tenant_created().currency_code();
      created_at_us = meta.occurred_at_us;
      return;
    case TenantEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
