#pragma once

// Organizations. Names and attributes keep their timelines: a KPI by sector reads the sector as it
// was at the counted event.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "projections/tenant_views.h"
#include "projections/views/history_view.h"
#include "projections/views/horizon.h"

namespace dealog::projections {

inline constexpr std::string_view kOrganizationsView = "organizations";

using AttributeValue = std::variant<std::string, double>;
// Text as it is; a number without needless decimals.
std::string AttributeText(const AttributeValue& value);

struct OrganizationRecord {
  std::string id;
  uint64_t revision = 0;
  uint64_t first_position = 0;
  int64_t created_us = 0;
  int64_t updated_us = 0;
  Timeline<std::string> name;
  Timeline<std::string> domain;
  Timeline<std::string> owner;
  std::map<std::string, Timeline<bool>, std::less<>> tags;  // Whether it has the tag.
  std::map<std::string, Timeline<AttributeValue>, std::less<>> attributes;
  std::string external_key;

  // nullptr if it has no such attribute at the instant.
  const AttributeValue* Attribute(std::string_view key, int64_t instant,
                                  const Horizon& horizon) const;
};

// Thread safety: as ViewState. Records stay where they are.
class OrganizationsView final : public HistoryView {
 public:
  const OrganizationRecord* Find(std::string_view id) const;
  const std::map<std::string, OrganizationRecord, std::less<>>& records() const { return records_; }
  // Keys of all attributes that any organization ever had.
  const std::set<std::string, std::less<>>& attribute_keys() const { return attribute_keys_; }

 protected:
  bool Wants(const events::v1::Event& event) const override { return event.has_organization(); }
  void Apply(std::string_view stream_id, const HistoryEvent& event) override;

 private:
  void SetAttribute(const HistoryEvent& event, const events::v1::Attribute& attribute,
                    OrganizationRecord& record);

  std::map<std::string, OrganizationRecord, std::less<>> records_;
  std::set<std::string, std::less<>> attribute_keys_;
};

ViewDefinition OrganizationsViewDefinition();

}  // namespace dealog::projections
