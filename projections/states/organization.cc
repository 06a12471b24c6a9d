#include "projections/states/organization.h"

namespace dealog::states {

using events::v1::OrganizationEvent;

size_t OrganizationState::ApproximateBytes() const {
  return sizeof(*this) + display_name.value.size() + domain.value.size() + external_key.size() +
         kDatedEntryBytes * tags.entry_count() + BytesOf(attributes);
}

void OrganizationState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const OrganizationEvent& change = event.organization();
  const int64_t at = meta.occurred_at_us;
  switch (change.kind_case()) {
    case OrganizationEvent::kOrganizationCreated: {
      const auto& created = change.organization_created();
      created_at_us = at;
      display_name.Set(created.display_name(), at);
      domain.Set(created.domain());
      owner_id.Set(created.owner_id(), at);
      for (const std::string& tag : created.tags()) tags.Set(tag, {}, at);
      EvolveAttributes(created.attributes(), at, attributes);
      external_key = created.external_key();
      return;
    }
    case OrganizationEvent::kOrganizationDetailsChanged: {
      const auto& changed = change.organization_details_changed();
      if (changed.has_display_name()) display_name.Set(changed.display_name(), at);
      if (changed.has_domain()) domain.Set(changed.domain());
      if (changed.has_owner_id()) owner_id.Set(changed.owner_id(), at);
      EvolveAttributes(changed.attributes(), at, attributes);
      return;
    }
    case OrganizationEvent::kOrganizationTagged:
      for (const std::string& tag : change.organization_tagged().tags()) tags.Set(tag, {}, at);
      return;
    case OrganizationEvent::kOrganizationUntagged:
      for (const std::string& tag : change.organization_untagged().tags()) tags.Erase(tag, at);
      return;
    case OrganizationEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
