#pragma once

// Members and products. What KPIs ask about a past instant keeps its timeline: who belonged to
// which team, and what it was called. Rows: as every StreamView.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "projections/states/catalog.h"
#include "projections/tenant_views.h"
#include "projections/views/reads.h"
#include "projections/views/record_map.h"
#include "projections/views/stream_view.h"
#include "projections/views/timeline.h"

namespace dealog::projections {

struct MemberRecord {
  explicit MemberRecord(std::string_view id) : state(id) {}

  states::MemberState state;
  Timeline<std::string> name;
  Timeline<std::string> team;
  Timeline<std::string> region;
};

struct ProductRecord {
  explicit ProductRecord(std::string_view id) : state(id) {}

  states::ProductState state;
  Timeline<std::string> name;
};

// Thread safety: as ViewState.
class CatalogView final : public Copied<CatalogView, StreamView> {
 public:
  CatalogView();

  // nullptr if there is none.
  const MemberRecord* Member(std::string_view id) const { return members_.Find(id); }
  const ProductRecord* Product(std::string_view id) const { return products_.Find(id); }
  const RecordMap<MemberRecord>& members() const { return members_; }
  const RecordMap<ProductRecord>& products() const { return products_; }

 private:
  absl::Status Apply(const StreamEvent& event) override;

  RecordMap<MemberRecord> members_;
  RecordMap<ProductRecord> products_;
};

ViewDefinition CatalogViewDefinition();

// The member's present display name; the id of an unknown one; "" for "".
std::string MemberLabel(const TenantViews& views, std::string_view member_id);

}  // namespace dealog::projections
