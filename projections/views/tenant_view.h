#pragma once

// The tenant's name, time zone and currency. Rows: as every StreamView.

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "projections/states/stream_types.h"
#include "projections/states/tenant.h"
#include "projections/tenant_views.h"
#include "projections/views/reads.h"
#include "projections/views/state_view.h"

namespace dealog::projections {

// Thread safety: as ViewState.
class TenantView final : public Copied<TenantView, StateView<states::TenantState>> {
 public:
  TenantView() : Copied({states::kTenantStream}) {}

  // nullptr before its first event.
  const states::TenantState* tenant() const;
  const absl::TimeZone& time_zone() const { return time_zone_; }

 private:
  void Folded(const states::TenantState& tenant) override;

  absl::TimeZone time_zone_ = absl::UTCTimeZone();
};

ViewDefinition TenantViewDefinition();

// NOT_FOUND / TENANT_NOT_FOUND before the tenant's first event.
absl::StatusOr<const TenantView*> FindTenant(const TenantViews& views);

}  // namespace dealog::projections
