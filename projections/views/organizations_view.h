#pragma once

// Organizations. Names and attributes keep their timelines: a KPI by sector reads the sector as it
// was at the counted event. Rows: as every StreamView.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "eventstore/base/cow.h"
#include "projections/states/organization.h"
#include "projections/tenant_views.h"
#include "projections/views/reads.h"
#include "projections/views/record_map.h"
#include "projections/views/stream_view.h"
#include "projections/views/timeline.h"

namespace dealog::projections {

using AttributeValue = std::variant<std::string, double>;
// Text as it is; a number without needless decimals.
std::string AttributeText(const AttributeValue& value);

struct OrganizationRecord {
  explicit OrganizationRecord(std::string_view id) : state(id) {}

  states::OrganizationState state;
  Timeline<std::string> name;
  std::map<std::string, Timeline<AttributeValue>, std::less<>> attributes;

  // nullptr if it has no such attribute at the instant.
  const AttributeValue* Attribute(std::string_view key, int64_t instant,
                                  const Horizon& horizon) const;
};

// Thread safety: as ViewState.
class OrganizationsView final : public Copied<OrganizationsView, StreamView> {
 public:
  OrganizationsView();

  const OrganizationRecord* Find(std::string_view id) const { return records_.Find(id); }
  const RecordMap<OrganizationRecord>& records() const { return records_; }
  // Keys of all attributes that any organization ever had.
  const std::set<std::string, std::less<>>& attribute_keys() const { return *attribute_keys_; }

 private:
  absl::Status Apply(const StreamEvent& event) override;

  RecordMap<OrganizationRecord> records_;
  base::Cow<std::set<std::string, std::less<>>> attribute_keys_;
};

ViewDefinition OrganizationsViewDefinition();

}  // namespace dealog::projections
