#include "projections/views/catalog_view.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/status.h"
#include "projections/views/money.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"

namespace dealog::projections {
namespace {

void AddText(const HistoryEvent& event, const std::string& value, Timeline<std::string>& timeline) {
  timeline.Add(event.position, event.occurred_us, !value.empty(), value);
}

std::string Shown(const Timeline<std::string>& timeline) {
  const std::string* value = timeline.Latest({});
  return value == nullptr ? std::string() : *value;
}

}  // namespace

const MemberRecord* CatalogView::Member(std::string_view id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

const ProductRecord* CatalogView::Product(std::string_view id) const {
  const auto found = products_.find(id);
  return found == products_.end() ? nullptr : &found->second;
}

void CatalogView::Apply(std::string_view stream_id, const HistoryEvent& event) {
  if (event.event.has_member()) ApplyMember(stream_id, event);
  if (event.event.has_product()) ApplyProduct(stream_id, event);
}

void CatalogView::ApplyMember(std::string_view id, const HistoryEvent& event) {
  MemberRecord& member = members_[std::string(id)];
  member.revision = event.revision;
  const events::v1::MemberEvent& change = event.event.member();
  switch (change.kind_case()) {
    case events::v1::MemberEvent::kMemberDefined:
      member.id = std::string(id);
      member.first_position = event.position;
      AddText(event, change.member_defined().display_name(), member.name);
      AddText(event, change.member_defined().team(), member.team);
      AddText(event, change.member_defined().region(), member.region);
      return;
    case events::v1::MemberEvent::kMemberChanged: {
      const events::v1::MemberChanged& changed = change.member_changed();
      if (changed.has_display_name()) AddText(event, changed.display_name(), member.name);
      if (changed.has_team()) AddText(event, changed.team(), member.team);
      if (changed.has_region()) AddText(event, changed.region(), member.region);
      return;
    }
    case events::v1::MemberEvent::KIND_NOT_SET:
      return;
  }
}

void CatalogView::ApplyProduct(std::string_view id, const HistoryEvent& event) {
  ProductRecord& product = products_[std::string(id)];
  product.revision = event.revision;
  const auto add_price = [&](bool set, const events::v1::Money& price) {
    product.list_price.Add(event.position, event.occurred_us, set, price);
  };
  const events::v1::ProductEvent& change = event.event.product();
  switch (change.kind_case()) {
    case events::v1::ProductEvent::kProductDefined:
      product.id = std::string(id);
      product.first_position = event.position;
      AddText(event, change.product_defined().display_name(), product.name);
      AddText(event, change.product_defined().series(), product.series);
      add_price(change.product_defined().has_list_price(), change.product_defined().list_price());
      return;
    case events::v1::ProductEvent::kProductChanged: {
      const events::v1::ProductChanged& changed = change.product_changed();
      if (changed.has_display_name()) AddText(event, changed.display_name(), product.name);
      if (changed.has_series()) AddText(event, changed.series(), product.series);
      if (changed.has_list_price()) add_price(true, changed.list_price());
      return;
    }
    case events::v1::ProductEvent::KIND_NOT_SET:
      return;
  }
}

ViewDefinition CatalogViewDefinition() {
  return {.name = kCatalogView, .version = 1, .make_state = [] {
            return std::make_unique<CatalogView>();
          }};
}

std::string MemberLabel(const TenantViews& views, std::string_view member_id) {
  const absl::StatusOr<const CatalogView*> catalog = views.Get<CatalogView>(kCatalogView);
  const MemberRecord* member = catalog.ok() ? (*catalog)->Member(member_id) : nullptr;
  return member == nullptr ? std::string(member_id) : Shown(member->name);
}

absl::StatusOr<Page<v1::Member>> ListMembers(const TenantViews& views, const PageRequest& page) {
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const MemberRecord*>::Make(page, false));
  for (const auto& [id, member] : catalog->members()) {
    const std::string* name = member.name.Latest({});
    builder.Offer({.text = name == nullptr ? std::string_view() : *name, .id = id}, &member);
  }
  return builder.Finish([](const MemberRecord* member) {
    v1::Member reply;
    reply.set_member_id(member->id);
    reply.set_etag(absl::StrCat(member->revision));
    reply.set_display_name(Shown(member->name));
    reply.set_team(Shown(member->team));
    reply.set_region(Shown(member->region));
    return reply;
  });
}

absl::StatusOr<Page<v1::Product>> ListProducts(const TenantViews& views, const PageRequest& page) {
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const ProductRecord*>::Make(page, false));
  for (const auto& [id, product] : catalog->products()) {
    const std::string* name = product.name.Latest({});
    builder.Offer({.text = name == nullptr ? std::string_view() : *name, .id = id}, &product);
  }
  return builder.Finish([](const ProductRecord* product) {
    v1::Product reply;
    reply.set_product_id(product->id);
    reply.set_etag(absl::StrCat(product->revision));
    reply.set_display_name(Shown(product->name));
    reply.set_series(Shown(product->series));
    if (const events::v1::Money* price = product->list_price.Latest({})) {
      *reply.mutable_list_price() = ToMoney(price->amount_minor(), price->currency_code());
    }
    return reply;
  });
}

}  // namespace dealog::projections
