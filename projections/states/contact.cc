#include "projections/states/contact.h"

namespace dealog::states {

using events::v1::ContactEvent;

size_t ContactState::ApproximateBytes() const {
  return sizeof(*this) + display_name.value.size() + email.value.size() + phone.value.size() +
         external_key.size() + kDatedEntryBytes * tags.entry_count() + BytesOf(attributes);
}

void ContactState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const ContactEvent& change = event.contact();
  const int64_t at = meta.occurred_at_us;
  switch (change.kind_case()) {
    case ContactEvent::kContactCreated: {
      const auto& created = change.contact_created();
      created_at_us = at;
      display_name.Set(created.display_name(), at);
      email.Set(created.email());
      phone.Set(created.phone(), at);
      owner_id.Set(created.owner_id(), at);
      organization_id.Set(created.organization_id(), at);
      for (const std::string& tag : created.tags()) tags.Set(tag, {}, at);
      EvolveAttributes(created.attributes(), at, attributes);
      external_key = created.external_key();
      return;
    }
    case ContactEvent::kContactDetailsChanged: {
      const auto& changed = change.contact_details_changed();
      if (changed.has_display_name()) display_name.Set(changed.display_name(), at);
      if (changed.has_email()) email.Set(changed.email());
      if (changed.has_phone()) phone.Set(changed.phone(), at);
      if (changed.has_organization_id()) organization_id.Set(changed.organization_id(), at);
      EvolveAttributes(changed.attributes(), at, attributes);
      return;
    }
    case ContactEvent::kContactOwnerAssigned:
      return owner_id.Set(change.contact_owner_assigned().owner_id(), at);
    case ContactEvent::kContactTagged:
      for (const std::string& tag : change.contact_tagged().tags()) tags.Set(tag, {}, at);
      return;
    case ContactEvent::kContactUntagged:
      for (const std::string& tag : change.contact_untagged().tags()) tags.Erase(tag, at);
      return;
    case ContactEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
