#pragma once

// Streams of other services: all that the CRM knows of one is how far it is.

#include <string_view>

#include "projections/states/aggregate.h"

namespace dealog::states {

class ExternalState final : public StateOf<ExternalState> {
 public:
  explicit ExternalState(std::string_view /*stream_id*/) {}
  size_t ApproximateBytes() const override { return sizeof(*this); }
  bool HasOnlyRevision() const override { return true; }

 private:
  void Evolve(const events::v1::Event&, const EventMeta&) override {}
};

}  // namespace dealog::states
