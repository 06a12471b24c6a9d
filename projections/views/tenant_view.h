#pragma once

// The tenant's name, time zone and currency.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "projections/tenant_views.h"
#include "projections/views/history_view.h"

namespace dealog::projections {

inline constexpr std::string_view kTenantView = "tenant";

// Thread safety: as ViewState.
class TenantView final : public HistoryView {
 public:
  bool exists() const { return !name_.empty(); }
  const std::string& name() const { return name_; }
  const absl::TimeZone& time_zone() const { return time_zone_; }
  const std::string& time_zone_name() const { return time_zone_name_; }
  const std::string& currency_code() const { return currency_code_; }
  int64_t created_us() const { return created_us_; }

 protected:
  bool Wants(const events::v1::Event& event) const override { return event.has_tenant(); }
  void Apply(std::string_view stream_id, const HistoryEvent& event) override;

 private:
  std::string name_;
  std::string time_zone_name_;
  std::string currency_code_;
  absl::TimeZone time_zone_ = absl::UTCTimeZone();
  int64_t created_us_ = 0;
};

ViewDefinition TenantViewDefinition();

// NOT_FOUND / TENANT_NOT_FOUND before the tenant's first event.
absl::StatusOr<const TenantView*> FindTenant(const TenantViews& views);

}  // namespace dealog::projections
