#pragma once

// Where all deals stand at an instant, in columns.

#include <cstdint>

#include "projections/views/cow_column.h"
#include "projections/views/deals_facts.h"

namespace dealog::projections {

class FactTable;

// By deal; fields are those of Standing.
struct StandingColumns {
  CowColumn<Symbol> stage;
  CowColumn<int64_t> entered_us;
  CowColumn<int64_t> closed_us;
  CowColumn<Outcome> outcome;
  CowColumn<Symbol> last_open_stage;
  CowColumn<Symbol> reason;
  CowColumn<uint16_t> cycle;

  void Resize(size_t deals);
  void Set(DealIndex deal, const Standing& standing);
};

// As of an instant; of deals that were opened later, it says nothing that holds.
StandingColumns StandingAt(const FactTable& table, int64_t as_of);

}  // namespace dealog::projections
