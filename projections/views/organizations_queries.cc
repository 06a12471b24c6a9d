// Questions about organizations: GetOrganization, ListOrganizations.

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/filter/filter.h"
#include "projections/views/catalog_view.h"
#include "projections/views/instants.h"
#include "projections/views/organizations_view.h"
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

filter::Value LatestText(const Timeline<std::string>& timeline) {
  const std::string* text = timeline.Latest({});
  return text == nullptr ? filter::Value::Unset() : filter::Value::Text(*text);
}

// One organization, as a filter sees it.
class OrganizationRow final : public filter::Row {
 public:
  OrganizationRow(const OrganizationRecord& record, const CatalogView& catalog)
      : record_(record), catalog_(catalog) {}

  filter::Value Get(int field_id, std::string_view member) const override {
    switch (static_cast<FieldId>(field_id)) {
      case kId:
        return filter::Value::Text(record_.id);
      case kName:
        return LatestText(record_.name);
      case kDomain:
        return LatestText(record_.domain);
      case kOwner:
        return Owner();
      case kOwnerId:
        return LatestText(record_.owner);
      case kTags:
        return Tags();
      case kAttribute:
        return Attribute(member);
      case kCreated:
        return filter::Value::Instant(record_.created_us);
      case kUpdated:
        return filter::Value::Instant(record_.updated_us);
      case kKey:
        return filter::Value::Text(record_.external_key);
    }
    return filter::Value::Unset();
  }

 private:
  filter::Value Owner() const {
    const std::string* id = record_.owner.Latest({});
    if (id == nullptr) return filter::Value::Unset();
    const MemberRecord* owner = catalog_.Member(*id);
    return owner == nullptr ? filter::Value::Text(*id) : LatestText(owner->name);
  }
  filter::Value Tags() const {
    tags_.clear();
    for (const auto& [tag, has] : record_.tags) {
      if (has.Latest({}) != nullptr) tags_.push_back(tag);
    }
    return filter::Value::List(tags_);
  }
  filter::Value Attribute(std::string_view key) const {
    const AttributeValue* value = record_.Attribute(key, kNever, {});
    if (value == nullptr) return filter::Value::Unset();
    if (const double* number = std::get_if<double>(value)) return filter::Value::Number(*number);
    return filter::Value::Text(std::get<std::string>(*value));
  }

  const OrganizationRecord& record_;
  const CatalogView& catalog_;
  mutable std::vector<std::string_view> tags_;  // What the last answer points to.
};

v1::Organization ToProto(const OrganizationRecord& record) {
  const auto text = [](const Timeline<std::string>& timeline) {
    const std::string* value = timeline.Latest({});
    return value == nullptr ? std::string() : *value;
  };
  v1::Organization reply;
  reply.set_organization_id(record.id);
  reply.set_etag(absl::StrCat(record.revision));
  reply.set_display_name(text(record.name));
  reply.set_domain(text(record.domain));
  reply.set_owner_id(text(record.owner));
  for (const auto& [tag, has] : record.tags) {
    if (has.Latest({}) != nullptr) reply.add_tags(tag);
  }
  for (const auto& [key, timeline] : record.attributes) {
    const AttributeValue* value = timeline.Latest({});
    if (value == nullptr) continue;
    events::v1::Attribute& attribute = *reply.add_attributes();
    attribute.set_key(key);
    if (const double* number = std::get_if<double>(value)) {
      attribute.set_number(*number);
    } else {
      attribute.set_text(std::get<std::string>(*value));
    }
  }
  reply.set_external_key(record.external_key);
  SetTimestamp(record.created_us, *reply.mutable_create_time());
  SetTimestamp(record.updated_us, *reply.mutable_update_time());
  return reply;
}

OrderKey PlaceOf(const OrganizationRecord& record, std::string_view field) {
  OrderKey key{.id = record.id};
  if (field == "create_time") key.number = record.created_us;
  if (field == "update_time") key.number = record.updated_us;
  if (const std::string* name = record.name.Latest({});
      name != nullptr && field == "display_name") {
    key.text = *name;
  }
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
  return ToProto(*record);
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
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const OrganizationRecord*>::Make(query.page, order.descending));
  for (const auto& [id, record] : view->records()) {
    if (!filter.Matches(OrganizationRow(record, *catalog))) continue;
    builder.Offer(PlaceOf(record, order.field), &record);
  }
  return builder.Finish([](const OrganizationRecord* record) { return ToProto(*record); });
}

}  // namespace dealog::projections
