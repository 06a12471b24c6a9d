#pragma once

// Members and products. What KPIs ask about a past instant keeps its timeline: who belonged to
// which team, and what it was called. Rows: as every StreamView.

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "projections/states/catalog.h"
#include "projections/tenant_views.h"
#include "projections/views/stream_view.h"
#include "projections/views/timeline.h"

namespace dealog::projections {

inline constexpr std::string_view kCatalogView = "catalog";

struct MemberRecord {
  states::MemberState state;
  Timeline<std::string> name;
  Timeline<std::string> team;
  Timeline<std::string> region;
};

struct ProductRecord {
  states::ProductState state;
  Timeline<std::string> name;
};

// Thread safety: as ViewState. Records stay where they are.
class CatalogView final : public StreamView {
 public:
  CatalogView();

  // nullptr if there is none.
  const MemberRecord* Member(std::string_view id) const;
  const ProductRecord* Product(std::string_view id) const;
  const std::map<std::string, MemberRecord, std::less<>>& members() const { return members_; }
  const std::map<std::string, ProductRecord, std::less<>>& products() const { return products_; }

 private:
  absl::Status Apply(const StreamEvent& event) override;

  std::map<std::string, MemberRecord, std::less<>> members_;
  std::map<std::string, ProductRecord, std::less<>> products_;
};

ViewDefinition CatalogViewDefinition();

// The member's present display name; the id of an unknown one; "" for "".
std::string MemberLabel(const TenantViews& views, std::string_view member_id);

}  // namespace dealog::projections
