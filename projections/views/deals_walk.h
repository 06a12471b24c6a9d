#pragma once

// The first deals of an order that match a filter: found by walking along the order, where that is
// sooner done than looking at all deals that may match and sorting them.

#include <cstddef>
#include <functional>
#include <vector>

#include "projections/views/deals_filter.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

// Thread safety: none. Ownership: the snapshot and the filter must outlive it.
class DealWalk {
 public:
  // False: no further deal is asked for.
  using Visitor = std::function<bool(DealIndex)>;
  // Passes the deals in their order to the visitor.
  using Along = std::function<void(const Visitor& visitor)>;

  DealWalk(const DealsSnapshot& snapshot, const DealFilter& filter)
      : snapshot_(snapshot), filter_(filter) {}

  // Offers at least `count` deals that match, in the order, or all that there are. False, and none
  // was offered: there are no indexes; or those that may match are few, so that sorting them is
  // less work; or so many had to be passed by that looking at all is.
  bool Find(const Along& along, size_t count, const Visitor& offer) const;

 private:
  const DealsSnapshot& snapshot_;
  const DealFilter& filter_;
};

}  // namespace dealog::projections
