#include "projections/views/tenant_view.h"

#include <memory>

#include "absl/strings/str_format.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/views/instants.h"
#include "projections/views/queries.h"

namespace dealog::projections {

const states::TenantState* TenantView::tenant() const {
  const auto& tenants = table<states::TenantState>();  // A tenant has one stream of this type.
  return tenants.empty() ? nullptr : &(*tenants.begin()).record;
}

void TenantView::Folded(const states::TenantState& tenant) {
  // The decider admitted known zones only; on a machine without that zone's data days are UTC's.
  if (!absl::LoadTimeZone(tenant.time_zone, &time_zone_)) time_zone_ = absl::UTCTimeZone();
}

ViewDefinition TenantViewDefinition() {
  return {.name = kTenantView, .version = 2, .make_state = [] {
            return std::make_unique<TenantView>();
          }};
}

absl::StatusOr<const TenantView*> FindTenant(const TenantViews& views) {
  ASSIGN_OR_RETURN(const TenantView* tenant, views.Get<TenantView>(kTenantView));
  if (tenant->tenant() == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                       "expected a tenant, found a log without TenantCreated; create the tenant");
  }
  return tenant;
}

absl::StatusOr<absl::TimeZone> TenantTimeZone(const TenantViews& views) {
  ASSIGN_OR_RETURN(const TenantView* tenant, FindTenant(views));
  return tenant->time_zone();
}

absl::StatusOr<v1::Tenant> GetTenant(const TenantViews& views) {
  ASSIGN_OR_RETURN(const TenantView* tenant, FindTenant(views));
  return states::ToTenant(*tenant->tenant());
}

absl::StatusOr<int64_t> ResolveInstant(const v1::Instant& instant, const TenantViews& views,
                                       std::string_view field) {
  switch (instant.instant_case()) {
    case v1::Instant::kTime: {
      const std::optional<int64_t> micros = TimestampMicros(instant.time());
      if (micros) return *micros;
      return base::InvalidField(field,
                                "expected a time from year 1 to 9999 with 0 to 999999999 ns");
    }
    case v1::Instant::kDate: {
      const events::v1::Date& date = instant.date();
      const std::optional<int32_t> day = DayOfDate(date);
      if (!day) {
        return base::InvalidField(
            field, absl::StrFormat("expected a date of the calendar, found %04d-%02d-%02d",
                                   date.year(), date.month(), date.day()));
      }
      ASSIGN_OR_RETURN(const absl::TimeZone zone, TenantTimeZone(views));
      return StartOfDay(*day, zone);
    }
    case v1::Instant::kPosition:
      return base::InvalidField(field,
                                "expected a time or a date, found a position; only known_at may "
                                "be a position of the log");
    case v1::Instant::INSTANT_NOT_SET:
      break;
  }
  return base::InvalidField(field, "expected a time or a date, found an empty instant");
}

}  // namespace dealog::projections
