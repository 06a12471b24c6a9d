#include "projections/views/catalog_view.h"

#include <memory>

#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/states/stream_types.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"

namespace dealog::projections {

CatalogView::CatalogView() : Copied({states::kMemberStream, states::kProductStream}) {}

absl::Status CatalogView::Apply(const StreamEvent& event) {
  if (event.type == states::kMemberStream) {
    const auto set = SetBy<states::MemberState>(event.event, event.meta);
    MemberRecord& member = members_.Edit(event.id);
    RETURN_IF_ERROR(CheckOrder(event, member.state.revision));
    member.state.Apply(event.event, event.meta);
    member.name.Take(set.display_name, event.meta);
    member.team.Take(set.team, event.meta);
    member.region.Take(set.region, event.meta);
    return absl::OkStatus();
  }
  const auto set = SetBy<states::ProductState>(event.event, event.meta);
  ProductRecord& product = products_.Edit(event.id);
  RETURN_IF_ERROR(CheckOrder(event, product.state.revision));
  product.state.Apply(event.event, event.meta);
  product.name.Take(set.display_name, event.meta);
  return absl::OkStatus();
}

ViewDefinition CatalogViewDefinition() {
  return {.name = kCatalogView, .version = 2, .make_state = [] {
            return std::make_unique<CatalogView>();
          }};
}

std::string MemberLabel(const TenantViews& views, std::string_view member_id) {
  const absl::StatusOr<const CatalogView*> catalog = views.Get<CatalogView>(kCatalogView);
  const MemberRecord* member = catalog.ok() ? (*catalog)->Member(member_id) : nullptr;
  return member == nullptr ? std::string(member_id) : member->state.display_name.value;
}

absl::StatusOr<Page<v1::Member>> ListMembers(const TenantViews& views, const PageRequest& page) {
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const states::MemberState*>::Make(page, false));
  for (const auto& [id, member] : catalog->members()) {
    builder.Offer({.text = member.state.display_name.value, .id = id}, &member.state);
  }
  return builder.Finish(
      [](const states::MemberState* member) { return states::ToMember(*member); });
}

absl::StatusOr<Page<v1::Product>> ListProducts(const TenantViews& views, const PageRequest& page) {
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const states::ProductState*>::Make(page, false));
  for (const auto& [id, product] : catalog->products()) {
    builder.Offer({.text = product.state.display_name.value, .id = id}, &product.state);
  }
  return builder.Finish(
      [](const states::ProductState* product) { return states::ToProduct(*product); });
}

}  // namespace dealog::projections
