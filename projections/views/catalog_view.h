#pragma once

// Members and products. Names, teams and regions keep their whole timeline, so that a KPI can ask
// who belonged to which team at any instant.

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "projections/tenant_views.h"
#include "projections/views/history_view.h"
#include "projections/views/horizon.h"

namespace dealog::projections {

inline constexpr std::string_view kCatalogView = "catalog";

struct MemberRecord {
  std::string id;
  uint64_t revision = 0;
  uint64_t first_position = 0;
  Timeline<std::string> name;
  Timeline<std::string> team;
  Timeline<std::string> region;
};

struct ProductRecord {
  std::string id;
  uint64_t revision = 0;
  uint64_t first_position = 0;
  Timeline<std::string> name;
  Timeline<std::string> series;
  Timeline<events::v1::Money> list_price;
};

// Thread safety: as ViewState. Records stay where they are.
class CatalogView final : public HistoryView {
 public:
  // nullptr if there is none.
  const MemberRecord* Member(std::string_view id) const;
  const ProductRecord* Product(std::string_view id) const;
  const std::map<std::string, MemberRecord, std::less<>>& members() const { return members_; }
  const std::map<std::string, ProductRecord, std::less<>>& products() const { return products_; }

 protected:
  bool Wants(const events::v1::Event& event) const override {
    return event.has_member() || event.has_product();
  }
  void Apply(std::string_view stream_id, const HistoryEvent& event) override;

 private:
  void ApplyMember(std::string_view id, const HistoryEvent& event);
  void ApplyProduct(std::string_view id, const HistoryEvent& event);

  std::map<std::string, MemberRecord, std::less<>> members_;
  std::map<std::string, ProductRecord, std::less<>> products_;
};

ViewDefinition CatalogViewDefinition();

// The member's present display name; the id of an unknown one; "" for "".
std::string MemberLabel(const TenantViews& views, std::string_view member_id);

}  // namespace dealog::projections
