#include "projections/views/change_order.h"

#include <algorithm>
#include <limits>

namespace dealog::projections {
namespace {

// Places kept of deals that changed again, beside one per deal.
constexpr size_t kPassedPlaces = 64;

}  // namespace

void ChangeOrder::Add(DealIndex deal, uint64_t position, bool is_new, const DealKeys& keys) {
  // Nearly always the last place: only deals of one commit come in any order.
  auto at = changes_.end();
  while (at != changes_.begin() && std::prev(at)->position > position) --at;
  changes_.insert(at, {.position = position, .deal = deal});
  if (is_new) ++deal_count_;
  if (changes_.size() <= 2 * deal_count_ + kPassedPlaces) return;
  std::erase_if(changes_, [&](const Change& change) { return !IsLast(change, keys); });
}

void ChangeOrder::ForEachAfter(uint64_t position, const DealKeys& keys,
                               const Visitor& visitor) const {
  auto at = std::partition_point(
      changes_.begin(), changes_.end(),
      [position](const Change& change) { return change.position <= position; });
  for (; at != changes_.end(); ++at) {
    if (IsLast(*at, keys) && !visitor(at->deal)) return;
  }
}

size_t ChangeOrder::FirstAt(int64_t at_us, const DealKeys& keys) const {
  size_t low = 0;
  size_t high = changes_.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    // Only where a deal is last, it tells its time.
    size_t last = middle;
    while (last < high && !IsLast(changes_[last], keys)) ++last;
    if (last < high && keys.UpdatedMicros(changes_[last].deal) < at_us) {
      low = last + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void ChangeOrder::ForEachByTime(bool descending, const OrderKey* after, const DealKeys& keys,
                                const Visitor& visitor) const {
  size_t next = descending ? changes_.size() : 0;  // Falling: the place after it.
  if (after != nullptr) {
    const int64_t last_us = std::numeric_limits<int64_t>::max();
    next = descending ? after->number == last_us ? next : FirstAt(after->number + 1, keys)
                      : FirstAt(after->number, keys);
  }
  std::vector<DealIndex> deals;  // Of one commit.
  const auto visit = [&] {
    std::sort(deals.begin(), deals.end(), [&](DealIndex a, DealIndex b) {
      return descending ? keys.Id(b) < keys.Id(a) : keys.Id(a) < keys.Id(b);
    });
    for (const DealIndex deal : deals) {
      if (after != nullptr) {
        const OrderKey key = keys.KeyOf(states::DealFieldId::kUpdateTime, deal);
        if (descending ? key >= *after : key <= *after) continue;
      }
      if (!visitor(deal)) return false;
    }
    deals.clear();
    return true;
  };
  while (descending ? next > 0 : next < changes_.size()) {
    const Change& change = descending ? changes_[--next] : changes_[next++];
    if (!IsLast(change, keys)) continue;
    const bool same_commit =
        deals.empty() || keys.UpdatedMicros(deals.front()) == keys.UpdatedMicros(change.deal);
    if (!same_commit && !visit()) return;
    deals.push_back(change.deal);
  }
  visit();
}

}  // namespace dealog::projections
