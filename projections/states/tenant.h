#pragma once

// The tenant: a log, a time zone and a currency of its own. One stream, tenant/<name>.

#include <cstdint>
#include <string>
#include <string_view>

#include "projections/states/aggregate.h"

namespace dealog::states {

class TenantState final : public StateOf<TenantState> {
 public:
  explicit TenantState(std::string_view stream_id) : name(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string name;
  std::string time_zone;      // IANA, known to the system.
  std::string currency_code;  // ISO 4217.
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
