#include "projections/views/tenant_view.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/views/instants.h"
#include "projections/views/queries.h"

namespace dealog::projections {

void TenantView::Apply(std::string_view stream_id, const HistoryEvent& event) {
  const events::v1::TenantEvent& tenant = event.event.tenant();
  switch (tenant.kind_case()) {
    case events::v1::TenantEvent::kTenantCreated:
      name_ = std::string(stream_id);
      time_zone_name_ = tenant.tenant_created().time_zone();
      currency_code_ = tenant.tenant_created().currency_code();
      created_us_ = event.occurred_us;
      // The decider admitted known zones only; on a machine without that zone's data days are
      // UTC's.
      if (!absl::LoadTimeZone(time_zone_name_, &time_zone_)) time_zone_ = absl::UTCTimeZone();
      break;
    case events::v1::TenantEvent::KIND_NOT_SET:
      break;
  }
}

ViewDefinition TenantViewDefinition() {
  return {.name = kTenantView, .version = 1, .make_state = [] {
            return std::make_unique<TenantView>();
          }};
}

absl::StatusOr<const TenantView*> FindTenant(const TenantViews& views) {
  ASSIGN_OR_RETURN(const TenantView* tenant, views.Get<TenantView>(kTenantView));
  if (!tenant->exists()) {
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
  v1::Tenant reply;
  reply.set_name(tenant->name());
  reply.set_time_zone(tenant->time_zone_name());
  reply.set_currency_code(tenant->currency_code());
  SetTimestamp(tenant->created_us(), *reply.mutable_create_time());
  return reply;
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
