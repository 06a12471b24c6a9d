#include "projections/states/contact_fields.h"

namespace dealog::states {
namespace {

using filter::Value;

Value AttributeOf(const ContactState& state, std::string_view key, FieldScratch&) {
  return AttributeValue(state.attributes, key);
}

template <auto... kMembers>
constexpr auto kGet = Get<ContactState, kMembers...>;

constexpr ContactFieldRow kFields[] = {
    {.name = "contact_id",
     .old_name = "id",
     .uses = kFilterable | kSortable,
     .get = kGet<&ContactState::contact_id>},
    {.name = "display_name",
     .uses = kFilterable | kSortable | kImportable | kNeeded,
     .events = {"ContactDetailsChanged"},
     .get = kGet<&ContactState::display_name>,
     .path = "display_name"},
    {.name = "email",
     .uses = kFilterable | kImportable,
     .events = {"ContactDetailsChanged"},
     .get = kGet<&ContactState::email>,
     .path = "email"},
    {.name = "phone",
     .uses = kFilterable | kImportable,
     .events = {"ContactDetailsChanged"},
     .get = kGet<&ContactState::phone>,
     .path = "phone"},
    {.name = "owner",
     .id_name = "owner_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kMember,
     .uses = kFilterable | kImportable,
     .events = {"ContactOwnerAssigned"},
     .get = kGet<&ContactState::owner_id>,
     .path = "owner"},
    {.name = "organization",
     .id_name = "organization_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kOrganization,
     .uses = kFilterable | kImportable,
     .events = {"ContactDetailsChanged"},
     .get = kGet<&ContactState::organization_id>,
     .path = "organization_id"},
    {.name = "tags",
     .kind = FieldKind::kTextList,
     .uses = kFilterable,
     .events = {"ContactTagged", "ContactUntagged"},
     .get = kGet<&ContactState::tags>},
    {.name = "attributes.",
     .kind = FieldKind::kAttributes,
     .uses = kFilterable | kImportable,
     .events = {"ContactDetailsChanged"},
     .get = AttributeOf,
     .path = "attributes"},
    {.name = "create_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&ContactState::created_at_us>},
    // Every event sets it.
    {.name = "update_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&ContactState::updated_at_us>},
    {.name = "external_key", .uses = kFilterable, .get = kGet<&ContactState::external_key>},
};

}  // namespace

std::span<const ContactFieldRow> ContactFields() { return kFields; }

}  // namespace dealog::states
