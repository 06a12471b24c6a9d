#include "projections/views/deals_walk.h"

#include <algorithm>
#include <optional>

namespace dealog::projections {
namespace {

// Fewer candidates than one in so many deals are sorted. A walk passes about as many deals for each
// that it finds, or all of them: but of a deal that is no candidate it reads one bit.
constexpr size_t kSortedShare = 32;
// Deals in which the walk asks the filter about together: more each time.
constexpr size_t kAskedTogetherMin = 128;
constexpr size_t kAskedTogetherMax = 8'192;
// Where nothing posted answers for the filter, a walk that has asked about one in so many deals is
// given up.
constexpr size_t kAskedShare = 16;

}  // namespace

bool DealWalk::Find(const Along& along, size_t count, const Visitor& offer) const {
  if (snapshot_.indexes() == nullptr) return false;
  const std::optional<Candidates> bound = filter_.BoundIn(snapshot_);
  if (bound && bound->deals.size() <= snapshot_.deal_count() / kSortedShare) return false;
  const bool exact = filter_.all() || (bound && bound->exact);
  const size_t asked_max = exact
                               ? snapshot_.deal_count()
                               : std::max(snapshot_.deal_count() / kAskedShare, kAskedTogetherMin);
  std::vector<DealIndex> found;
  std::vector<DealIndex> asked;
  size_t asked_count = 0;
  size_t together = exact ? count : kAskedTogetherMin;
  const auto ask = [&] {
    asked_count += asked.size();
    if (!exact) filter_.Narrow(snapshot_, asked);
    found.insert(found.end(), asked.begin(), asked.end());
    asked.clear();
    together = std::min(2 * together, kAskedTogetherMax);
  };
  along([&](DealIndex deal) {
    if (bound && !bound->deals.Contains(deal)) return true;
    asked.push_back(deal);
    if (asked.size() < together) return true;
    ask();
    return found.size() < count && asked_count <= asked_max;
  });
  ask();
  if (found.size() < count && asked_count > asked_max) return false;
  for (const DealIndex deal : found) {
    if (!offer(deal)) break;
  }
  return true;
}

}  // namespace dealog::projections
