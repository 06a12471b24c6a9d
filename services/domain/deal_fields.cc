#include "services/domain/deal_fields.h"

namespace dealog::domain {
namespace {

struct Field {
  std::string_view name;
  bool (*is_set)(const DealState& deal);
};

constexpr Field kFields[] = {
    {"title", [](const DealState& deal) { return !deal.title.value.empty(); }},
    {"source", [](const DealState& deal) { return !deal.source.value.empty(); }},
    {"owner", [](const DealState& deal) { return !deal.owner_id.value.empty(); }},
    {"amount", [](const DealState& deal) { return deal.amount.value.has_value(); }},
    {"expected_close_date",
     [](const DealState& deal) { return deal.expected_close_date.value.has_value(); }},
    {"organization", [](const DealState& deal) { return !deal.organization_id.value.empty(); }},
    {"product", [](const DealState& deal) { return !deal.product_id.value.empty(); }},
};

const Field* FindField(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace

bool IsRequirableField(std::string_view name) { return FindField(name) != nullptr; }

std::string RequirableFieldsText() {
  std::string text;
  for (const Field& field : kFields) {
    if (!text.empty()) text += ", ";
    text += field.name;
  }
  return text;
}

bool IsFieldSet(const DealState& deal, std::string_view name) {
  const Field* field = FindField(name);
  return field != nullptr && field->is_set(deal);
}

}  // namespace dealog::domain
