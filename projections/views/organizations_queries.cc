// Questions about organizations: GetOrganization, ListOrganizations.

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/filter/filter.h"
#include "projections/states/describe.h"
#include "projections/views/catalog_view.h"
#include "projections/views/organizations_view.h"
#include "projections/views/owner_label.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/tenant_view.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using filter::FieldType;

enum FieldId { kId, kName, kDomain, kOwner, kOwnerId, kTags, kAttribute, kCreated, kUpdated, kKey };

const filter::Schema& OrganizationSchema() {
  static const auto* const kSchema = new filter::Schema{
      {.name = "organization_id", .type = FieldType::kText, .id = kId},
      {.name = "display_name", .type = FieldType::kText, .id = kName},
      {.name = "domain", .type = FieldType::kText, .id = kDomain},
      {.name = "owner", .type = FieldType::kText, .id = kOwner},
      {.name = "owner_id", .type = FieldType::kText, .id = kOwnerId},
      {.name = "tags", .type = FieldType::kTextList, .id = kTags},
      {.name = "attributes.", .type = FieldType::kText, .id = kAttribute, .family = true},
      {.name = "create_time", .type = FieldType::kTime, .id = kCreated},
      {.name = "update_time", .type = FieldType::kTime, .id = kUpdated},
      {.name = "external_key", .type = FieldType::kText, .id = kKey},
  };
  return *kSchema;
}

// One organization, as a filter sees it.
class OrganizationRow final : public filter::Row {
 public:
  OrganizationRow(const states::OrganizationState& state, const CatalogView& catalog)
      : state_(state), catalog_(catalog) {}

  filter::Value Get(int field_id, std::string_view member) const override {
    switch (static_cast<FieldId>(field_id)) {
      case kId:
        return filter::Value::Text(state_.organization_id);
      case kName:
        return filter::Value::Text(state_.display_name.value);
      case kDomain:
        return filter::Value::Text(state_.domain.value);
      case kOwner:
        return filter::Value::Text(OwnerLabel(state_.owner_id.value, catalog_));
      case kOwnerId:
        return filter::Value::Text(state_.owner_id.value);
      case kTags:
        tags_.clear();
        state_.tags.ForEach(
            [this](const std::string& tag, states::Present) { tags_.push_back(tag); });
        return filter::Value::List(tags_);
      case kAttribute:
        return Attribute(member);
      case kCreated:
        return filter::Value::Instant(state_.created_at_us);
      case kUpdated:
        return filter::Value::Instant(state_.updated_at_us);
      case kKey:
        return filter::Value::Text(state_.external_key);
    }
    return filter::Value::Unset();
  }

 private:
  filter::Value Attribute(std::string_view key) const {
    const events::v1::Attribute* attribute = state_.attributes.Find(std::string(key));
    if (attribute == nullptr) return filter::Value::Unset();
    if (attribute->has_number()) return filter::Value::Number(attribute->number());
    return filter::Value::Text(attribute->text());
  }

  const states::OrganizationState& state_;
  const CatalogView& catalog_;
  mutable std::vector<std::string_view> tags_;  // What the last answer points to.
};

OrderKey PlaceOf(const states::OrganizationState& state, std::string_view field) {
  OrderKey key{.id = state.organization_id};
  if (field == "create_time") key.number = state.created_at_us;
  if (field == "update_time") key.number = state.updated_at_us;
  if (field == "display_name") key.text = state.display_name.value;
  return key;
}

}  // namespace

absl::StatusOr<v1::Organization> GetOrganization(const TenantViews& views,
                                                 std::string_view organization_id) {
  ASSIGN_OR_RETURN(const OrganizationsView* view, views.Get<OrganizationsView>(kOrganizationsView));
  const OrganizationRecord* record = view->Find(organization_id);
  if (record == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                       absl::StrCat("expected an organization's id, found ",
                                    Quoted(organization_id), ", which no organization has"));
  }
  return states::ToOrganization(record->state);
}

absl::StatusOr<Page<v1::Organization>> ListOrganizations(const TenantViews& views,
                                                         const ListQuery& query) {
  ASSIGN_OR_RETURN(const OrganizationsView* view, views.Get<OrganizationsView>(kOrganizationsView));
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(const absl::TimeZone zone, TenantTimeZone(views));
  ASSIGN_OR_RETURN(const filter::Filter filter,
                   filter::Filter::Compile(query.filter, OrganizationSchema(), {zone}));
  ASSIGN_OR_RETURN(const ListOrder order,
                   ParseOrderBy(query.order_by,
                                {"organization_id", "display_name", "create_time", "update_time"}));
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const states::OrganizationState*>::Make(
                                     query.page, order.descending));
  for (const auto& [id, record] : view->records()) {
    if (!filter.Matches(OrganizationRow(record.state, *catalog))) continue;
    builder.Offer(PlaceOf(record.state, order.field), &record.state);
  }
  return builder.Finish(
      [](const states::OrganizationState* state) { return states::ToOrganization(*state); });
}

}  // namespace dealog::projections
