#pragma once

// Which deals a filter can match at most, by the postings of all deals as they are now.

#include <optional>

#include "projections/filter/filter.h"
#include "projections/views/deal_set.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

struct Candidates {
  DealSet deals;       // Every deal that matches is in it.
  bool exact = false;  // Every deal that is in it matches.
};

// nullopt: nothing that the filter names is posted, so that any deal may match. The snapshot must
// have indexes.
std::optional<Candidates> BoundOf(const DealsSnapshot& snapshot, const filter::Node& node);

}  // namespace dealog::projections
