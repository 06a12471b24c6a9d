#pragma once

// Catalogues: members, who can own deals, and products.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dealog/events/v1/values.pb.h"
#include "projections/states/aggregate.h"
#include "projections/states/dated.h"

namespace dealog::states {

class MemberState final : public StateOf<MemberState> {
 public:
  explicit MemberState(std::string_view stream_id) : member_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string member_id;
  Recorded<std::string> display_name;  // Unique.
  Dated<std::string> team;
  Dated<std::string> region;
  std::string external_key;
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

class ProductState final : public StateOf<ProductState> {
 public:
  explicit ProductState(std::string_view stream_id) : product_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string product_id;
  Recorded<std::string> display_name;  // Unique.
  Dated<std::string> series;
  Dated<std::optional<events::v1::Money>> list_price;
  std::string external_key;
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
