#pragma once

// Organizations: companies, clubs, households. The normalised domain is unique per tenant.

#include <cstdint>
#include <string>
#include <string_view>

#include "projections/states/aggregate.h"
#include "projections/states/dated.h"
#include "projections/states/values.h"

namespace dealog::states {

class OrganizationState final : public StateOf<OrganizationState> {
 public:
  explicit OrganizationState(std::string_view stream_id) : organization_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string organization_id;
  Dated<std::string> display_name;
  Recorded<std::string> domain;  // As given; unique.
  Dated<std::string> owner_id;
  TagSet tags;
  AttributeMap attributes;
  std::string external_key;
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
