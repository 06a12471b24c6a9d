#pragma once

// A deal in the API's form.

#include "dealog/v1/deals.pb.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

v1::Deal::Status StatusOf(Outcome outcome);

// Makes deals of a snapshot's instant. Thread safety: none.
class DealMessages {
 public:
  explicit DealMessages(const DealsSnapshot& snapshot) : snapshot_(snapshot) {}
  v1::Deal Make(DealIndex deal);

 private:
  std::string StageLabel(Symbol stage);

  const DealsSnapshot& snapshot_;
  SymbolMemo<std::string> stage_labels_;
  DealFacts scratch_;
};

}  // namespace dealog::projections
