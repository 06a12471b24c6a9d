#include "projections/states/organization_fields.h"

namespace dealog::states {
namespace {

using filter::Value;

Value AttributeOf(const OrganizationState& state, std::string_view key, FieldScratch&) {
  return AttributeValue(state.attributes, key);
}

template <auto... kMembers>
constexpr auto kGet = Get<OrganizationState, kMembers...>;

constexpr OrganizationFieldRow kFields[] = {
    {.name = "organization_id",
     .old_name = "id",
     .uses = kFilterable | kSortable,
     .get = kGet<&OrganizationState::organization_id>},
    {.name = "display_name",
     .uses = kFilterable | kSortable | kImportable | kNeeded,
     .events = {"OrganizationDetailsChanged"},
     .get = kGet<&OrganizationState::display_name>,
     .path = "display_name"},
    {.name = "domain",
     .uses = kFilterable | kImportable,
     .events = {"OrganizationDetailsChanged"},
     .get = kGet<&OrganizationState::domain>,
     .path = "domain"},
    {.name = "owner",
     .id_name = "owner_id",
     .kind = FieldKind::kReference,
     .refers = Refers::kMember,
     .uses = kFilterable | kImportable,
     .events = {"OrganizationDetailsChanged"},
     .get = kGet<&OrganizationState::owner_id>,
     .path = "owner"},
    {.name = "tags",
     .kind = FieldKind::kTextList,
     .uses = kFilterable,
     .events = {"OrganizationTagged", "OrganizationUntagged"},
     .get = kGet<&OrganizationState::tags>},
    {.name = "attributes.",
     .kind = FieldKind::kAttributes,
     .uses = kFilterable | kImportable,
     .events = {"OrganizationDetailsChanged"},
     .get = AttributeOf,
     .path = "attributes"},
    {.name = "create_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&OrganizationState::created_at_us>},
    // Every event sets it.
    {.name = "update_time",
     .kind = FieldKind::kTime,
     .uses = kFilterable | kSortable,
     .get = kGet<&OrganizationState::updated_at_us>},
    {.name = "external_key", .uses = kFilterable, .get = kGet<&OrganizationState::external_key>},
};

}  // namespace

std::span<const OrganizationFieldRow> OrganizationFields() { return kFields; }

}  // namespace dealog::states
