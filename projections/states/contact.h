#pragma once

// Contacts: people. The normalised e-mail address is unique per tenant.

#include <cstdint>
#include <string>
#include <string_view>

#include "projections/states/aggregate.h"
#include "projections/states/dated.h"
#include "projections/states/values.h"

namespace dealog::states {

class ContactState final : public StateOf<ContactState> {
 public:
  explicit ContactState(std::string_view stream_id) : contact_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string contact_id;
  Dated<std::string> display_name;
  Recorded<std::string> email;  // As given; unique.
  Dated<std::string> phone;
  Dated<std::string> owner_id;
  Dated<std::string> organization_id;
  TagSet tags;
  AttributeMap attributes;
  std::string external_key;
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
