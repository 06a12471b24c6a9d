#pragma once

// What the indexes know of a deal.

#include <cstdint>
#include <string_view>

#include "projections/views/deals_facts.h"
#include "projections/views/deals_postings.h"

namespace dealog::projections {

struct DealPlace {
  bool exists = false;
  Outcome outcome = Outcome::kOpen;
  Symbol pipeline = kNoSymbol;
  Symbol stage = kNoSymbol;
  int64_t entered_us = 0;
  int64_t opened_us = 0;
  FieldValue amount;
  int64_t expected_day = kUnset;
  uint64_t last_position = 0;
  std::string_view title;
  PostedValues posted;
};

}  // namespace dealog::projections
