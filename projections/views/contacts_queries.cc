// Questions about contacts: GetContact, ListContacts.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/filter/filter.h"
#include "projections/states/describe.h"
#include "projections/views/catalog_view.h"
#include "projections/views/contacts_view.h"
#include "projections/views/owner_label.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using filter::FieldType;
using filter::Value;

enum FieldId {
  kId,
  kName,
  kEmail,
  kPhone,
  kOwner,
  kOwnerId,
  kOrganization,
  kTags,
  kAttribute,
  kKey,
  kCreated,
  kUpdated
};

const filter::Schema& ContactSchema() {
  static const auto* const kSchema = new filter::Schema{
      {.name = "contact_id", .type = FieldType::kText, .id = kId},
      {.name = "display_name", .type = FieldType::kText, .id = kName},
      {.name = "email", .type = FieldType::kText, .id = kEmail},
      {.name = "phone", .type = FieldType::kText, .id = kPhone},
      {.name = "owner", .type = FieldType::kText, .id = kOwner},
      {.name = "owner_id", .type = FieldType::kText, .id = kOwnerId},
      {.name = "organization_id", .type = FieldType::kText, .id = kOrganization},
      {.name = "tags", .type = FieldType::kTextList, .id = kTags},
      {.name = "attributes.", .type = FieldType::kText, .id = kAttribute, .family = true},
      {.name = "external_key", .type = FieldType::kText, .id = kKey},
      {.name = "create_time", .type = FieldType::kTime, .id = kCreated},
      {.name = "update_time", .type = FieldType::kTime, .id = kUpdated},
  };
  return *kSchema;
}

// One contact, as a filter sees it.
class ContactRow final : public filter::Row {
 public:
  ContactRow(const states::ContactState& contact, const CatalogView& catalog)
      : contact_(contact), catalog_(catalog) {}

  Value Get(int field_id, std::string_view member) const override {
    switch (static_cast<FieldId>(field_id)) {
      case kId:
        return Value::Text(contact_.contact_id);
      case kName:
        return Value::Text(contact_.display_name.value);
      case kEmail:
        return Value::Text(contact_.email.value);
      case kPhone:
        return Value::Text(contact_.phone.value);
      case kOwner:
        return Value::Text(OwnerLabel(contact_.owner_id.value, catalog_));
      case kOwnerId:
        return Value::Text(contact_.owner_id.value);
      case kOrganization:
        return Value::Text(contact_.organization_id.value);
      case kTags:
        tags_.clear();
        contact_.tags.ForEach(
            [this](const std::string& tag, states::Present) { tags_.push_back(tag); });
        return Value::List(tags_);
      case kAttribute:
        return Attribute(member);
      case kKey:
        return Value::Text(contact_.external_key);
      case kCreated:
        return Value::Instant(contact_.created_at_us);
      case kUpdated:
        return Value::Instant(contact_.updated_at_us);
    }
    return Value::Unset();
  }

 private:
  Value Attribute(std::string_view key) const {
    const events::v1::Attribute* attribute = contact_.attributes.Find(std::string(key));
    if (attribute != nullptr && attribute->has_number()) return Value::Number(attribute->number());
    if (attribute != nullptr) return Value::Text(attribute->text());
    return Value::Unset();
  }

  const states::ContactState& contact_;
  const CatalogView& catalog_;
  mutable std::vector<std::string_view> tags_;  // What the last answer points to.
};

OrderKey PlaceOf(const states::ContactState& contact, std::string_view field) {
  OrderKey key{.id = contact.contact_id};
  if (field == "display_name") key.text = contact.display_name.value;
  if (field == "create_time") key.number = contact.created_at_us;
  if (field == "update_time") key.number = contact.updated_at_us;
  return key;
}

}  // namespace

absl::StatusOr<v1::Contact> GetContact(const TenantViews& views, std::string_view contact_id) {
  ASSIGN_OR_RETURN(const ContactsView* view, views.Get<ContactsView>(kContactsView));
  const states::ContactState* contact = view->contacts().Find(contact_id);
  if (contact == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "CONTACT_NOT_FOUND",
                       absl::StrCat("expected a contact's id, found ", Quoted(contact_id),
                                    ", which no contact has"));
  }
  return states::ToContact(*contact);
}

absl::StatusOr<Page<v1::Contact>> ListContacts(const TenantViews& views, const ListQuery& query) {
  ASSIGN_OR_RETURN(const ContactsView* view, views.Get<ContactsView>(kContactsView));
  ASSIGN_OR_RETURN(const CatalogView* catalog, views.Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(const absl::TimeZone zone, TenantTimeZone(views));
  ASSIGN_OR_RETURN(const filter::Filter filter,
                   filter::Filter::Compile(query.filter, ContactSchema(), {.time_zone = zone}));
  ASSIGN_OR_RETURN(
      const ListOrder order,
      ParseOrderBy(query.order_by, {"contact_id", "display_name", "create_time", "update_time"}));
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const states::ContactState*>::Make(query.page, order.descending));
  for (const auto& [id, contact] : view->contacts().all()) {
    if (!filter.Matches(ContactRow(contact, *catalog))) continue;
    builder.Offer(PlaceOf(contact, order.field), &contact);
  }
  return builder.Finish(
      [](const states::ContactState* contact) { return states::ToContact(*contact); });
}

}  // namespace dealog::projections
