#include "projections/views/deals_changes.h"

namespace dealog::projections {

void ChangeList::Put(const Change& change) {
  const auto place = list_.FirstFrom(change.at_us);
  if (list_.AtEnd(place) || list_[place].at_us != change.at_us) {
    Insert(change);
    return;
  }
  list_.Mutable(place) = change;
  if (has_first_ && first_.at_us < change.at_us) return;
  // The first value may have come or gone; before it there is little.
  has_first_ = false;
  for (auto at = list_.FirstFrom(std::numeric_limits<int64_t>::min()); !list_.AtEnd(at);
       at = list_.Next(at)) {
    if (list_[at].value == kUnset) continue;
    first_ = list_[at];
    has_first_ = true;
    return;
  }
}

}  // namespace dealog::projections
