#include "projections/views/organizations_view.h"

#include <array>
#include <charconv>
#include <memory>

#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"

namespace dealog::projections {
namespace {

AttributeValue ValueOf(const events::v1::Attribute& attribute) {
  if (attribute.has_number()) return attribute.number();
  return attribute.text();
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

OrganizationsView::OrganizationsView() : Copied({states::kOrganizationStream}) {}

absl::Status OrganizationsView::Apply(const StreamEvent& event) {
  const auto set = SetBy<states::OrganizationState>(event.event, event.meta);
  OrganizationRecord& record = records_.Edit(event.id);
  RETURN_IF_ERROR(CheckOrder(event, record.state.revision));
  record.state.Apply(event.event, event.meta);
  record.name.Take(set.display_name, event.meta);
  set.attributes.ForEachEver([&](const std::string& key, const events::v1::Attribute* value) {
    if (!attribute_keys_->contains(key)) attribute_keys_.Edit().insert(key);
    // A text without characters groups and filters as none.
    const bool has = value != nullptr && (value->has_number() || !value->text().empty());
    record.attributes[key].Add(event.meta.position, event.meta.occurred_at_us, has,
                               has ? ValueOf(*value) : AttributeValue());
  });
  return absl::OkStatus();
}

ViewDefinition OrganizationsViewDefinition() {
  return {.name = kOrganizationsView, .version = 2, .make_state = [] {
            return std::make_unique<OrganizationsView>();
          }};
}

}  // namespace dealog::projections
