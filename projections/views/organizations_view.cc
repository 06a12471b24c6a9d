#include "projections/views/organizations_view.h"

#include <array>
#include <charconv>
#include <memory>

namespace dealog::projections {
namespace {

void AddText(const HistoryEvent& event, const std::string& value, Timeline<std::string>& timeline) {
  timeline.Add(event.position, event.occurred_us, !value.empty(), value);
}

}  // namespace

std::string AttributeText(const AttributeValue& value) {
  if (const std::string* text = std::get_if<std::string>(&value)) return *text;
  std::array<char, 32> digits;
  const std::to_chars_result end =
      std::to_chars(digits.data(), digits.data() + digits.size(), std::get<double>(value));
  return std::string(digits.data(), end.ptr);
}

const AttributeValue* OrganizationRecord::Attribute(std::string_view key, int64_t instant,
                                                    const Horizon& horizon) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? nullptr : found->second.At(instant, horizon);
}

const OrganizationRecord* OrganizationsView::Find(std::string_view id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

void OrganizationsView::SetAttribute(const HistoryEvent& event,
                                     const events::v1::Attribute& attribute,
                                     OrganizationRecord& record) {
  attribute_keys_.insert(attribute.key());
  Timeline<AttributeValue>& timeline = record.attributes[attribute.key()];
  switch (attribute.value_case()) {
    case events::v1::Attribute::kText:
      timeline.Add(event.position, event.occurred_us, !attribute.text().empty(), attribute.text());
      return;
    case events::v1::Attribute::kNumber:
      timeline.Add(event.position, event.occurred_us, true, attribute.number());
      return;
    case events::v1::Attribute::VALUE_NOT_SET:
      timeline.Add(event.position, event.occurred_us, false, {});
      return;
  }
}

void OrganizationsView::Apply(std::string_view stream_id, const HistoryEvent& event) {
  OrganizationRecord& record = records_[std::string(stream_id)];
  record.revision = event.revision;
  record.updated_us = event.recorded_us;
  const events::v1::OrganizationEvent& change = event.event.organization();
  switch (change.kind_case()) {
    case events::v1::OrganizationEvent::kOrganizationCreated: {
      const events::v1::OrganizationCreated& created = change.organization_created();
      record.id = std::string(stream_id);
      record.first_position = event.position;
      record.created_us = event.occurred_us;
      record.external_key = created.external_key();
      AddText(event, created.display_name(), record.name);
      AddText(event, created.domain(), record.domain);
      AddText(event, created.owner_id(), record.owner);
      for (const std::string& tag : created.tags()) {
        record.tags[tag].Add(event.position, event.occurred_us, true, true);
      }
      for (const auto& attribute : created.attributes()) SetAttribute(event, attribute, record);
      return;
    }
    case events::v1::OrganizationEvent::kOrganizationDetailsChanged: {
      const events::v1::OrganizationDetailsChanged& changed = change.organization_details_changed();
      if (changed.has_display_name()) AddText(event, changed.display_name(), record.name);
      if (changed.has_domain()) AddText(event, changed.domain(), record.domain);
      if (changed.has_owner_id()) AddText(event, changed.owner_id(), record.owner);
      for (const auto& attribute : changed.attributes()) SetAttribute(event, attribute, record);
      return;
    }
    case events::v1::OrganizationEvent::kOrganizationTagged:
      for (const std::string& tag : change.organization_tagged().tags()) {
        record.tags[tag].Add(event.position, event.occurred_us, true, true);
      }
      return;
    case events::v1::OrganizationEvent::kOrganizationUntagged:
      for (const std::string& tag : change.organization_untagged().tags()) {
        record.tags[tag].Add(event.position, event.occurred_us, false, false);
      }
      return;
    case events::v1::OrganizationEvent::KIND_NOT_SET:
      return;
  }
}

ViewDefinition OrganizationsViewDefinition() {
  return {.name = kOrganizationsView, .version = 1, .make_state = [] {
            return std::make_unique<OrganizationsView>();
          }};
}

}  // namespace dealog::projections
