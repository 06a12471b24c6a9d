#include "projections/views/contacts_view.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

using events::v1::Attribute;
using events::v1::ContactEvent;

// Sets or removes the value of one key; the list stays sorted by key.
void ApplyAttribute(const Attribute& attribute, v1::Contact& contact) {
  auto& attributes = *contact.mutable_attributes();
  const auto at = std::lower_bound(
      attributes.begin(), attributes.end(), attribute.key(),
      [](const Attribute& existing, const std::string& key) { return existing.key() < key; });
  const bool exists = at != attributes.end() && at->key() == attribute.key();
  const bool removed = attribute.value_case() == Attribute::VALUE_NOT_SET ||
                       (attribute.has_text() && attribute.text().empty());
  if (removed) {
    if (exists) attributes.erase(at);
  } else if (exists) {
    *at = attribute;
  } else {
    const auto index = static_cast<int>(at - attributes.begin());
    *attributes.Add() = attribute;
    std::rotate(attributes.begin() + index, attributes.end() - 1, attributes.end());
  }
}

using Tags = google::protobuf::RepeatedPtrField<std::string>;

void AddTags(const Tags& added, Tags& tags) {
  tags.Add(added.begin(), added.end());
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
}

void RemoveTags(const Tags& removed, Tags& tags) {
  tags.erase(std::remove_if(tags.begin(), tags.end(),
                            [&](const std::string& tag) {
                              return std::find(removed.begin(), removed.end(), tag) !=
                                     removed.end();
                            }),
             tags.end());
}

void ApplyCreated(const events::v1::ContactCreated& created, v1::Contact& contact) {
  contact.set_display_name(created.display_name());
  contact.set_email(created.email());
  contact.set_phone(created.phone());
  contact.set_owner_id(created.owner_id());
  contact.set_organization_id(created.organization_id());
  AddTags(created.tags(), *contact.mutable_tags());
  for (const Attribute& attribute : created.attributes()) ApplyAttribute(attribute, contact);
  contact.set_external_key(created.external_key());
}

void ApplyChanged(const events::v1::ContactDetailsChanged& changed, v1::Contact& contact) {
  if (changed.has_display_name()) contact.set_display_name(changed.display_name());
  if (changed.has_email()) contact.set_email(changed.email());
  if (changed.has_phone()) contact.set_phone(changed.phone());
  if (changed.has_organization_id()) contact.set_organization_id(changed.organization_id());
  for (const Attribute& attribute : changed.attributes()) ApplyAttribute(attribute, contact);
}

}  // namespace

absl::Status ContactsView::Fold(const FoldedEvent& event) {
  if (!event.event.has_contact()) return absl::OkStatus();
  const std::string& id = event.header.stream().id();
  v1::Contact& contact = contacts_.Edit(id);
  contact.set_contact_id(id);
  contact.set_etag(absl::StrCat(event.header.revision()));
  SetTimestamp(event.header.recorded_at_us(), *contact.mutable_update_time());
  const ContactEvent& change = event.event.contact();
  switch (change.kind_case()) {
    case ContactEvent::kContactCreated:
      SetTimestamp(event.header.occurred_at_us(), *contact.mutable_create_time());
      ApplyCreated(change.contact_created(), contact);
      break;
    case ContactEvent::kContactDetailsChanged:
      ApplyChanged(change.contact_details_changed(), contact);
      break;
    case ContactEvent::kContactOwnerAssigned:
      contact.set_owner_id(change.contact_owner_assigned().owner_id());
      break;
    case ContactEvent::kContactTagged:
      AddTags(change.contact_tagged().tags(), *contact.mutable_tags());
      break;
    case ContactEvent::kContactUntagged:
      RemoveTags(change.contact_untagged().tags(), *contact.mutable_tags());
      break;
    case ContactEvent::KIND_NOT_SET:
      break;
  }
  return absl::OkStatus();
}

ViewDefinition ContactsViewDefinition() {
  return {.name = kContactsView, .version = 1, .make_state = [] {
            return std::make_unique<ContactsView>();
          }};
}

}  // namespace dealog::projections
