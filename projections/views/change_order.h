#pragma once

// Deals by their last change, which is the order of update_time as well: of a tenant's commits each
// is recorded later than the one before.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "projections/views/deals_keys.h"

namespace dealog::projections {

// Who changes again stays where it was as well, and is passed by there, until half of the list is
// such places.
// Thread safety: const methods from many threads.
class ChangeOrder {
 public:
  // Until it returns false.
  using Visitor = std::function<bool(DealIndex)>;

  // The deal's last change is now at the position, which is that of no other deal.
  void Add(DealIndex deal, uint64_t position, bool is_new, const DealKeys& keys);
  // Deals that changed after the position, oldest change first.
  void ForEachAfter(uint64_t position, const DealKeys& keys, const Visitor& visitor) const;
  // All deals by update_time, those of one commit by id; after the key, if it is given.
  void ForEachByTime(bool descending, const OrderKey* after, const DealKeys& keys,
                     const Visitor& visitor) const;

 private:
  struct Change {
    uint64_t position = 0;
    DealIndex deal = 0;
  };
  bool IsLast(const Change& change, const DealKeys& keys) const {
    return keys.LastPosition(change.deal) == change.position;
  }
  // The first place such that no deal at it or later was changed before the instant.
  size_t FirstAt(int64_t at_us, const DealKeys& keys) const;

  std::vector<Change> changes_;  // By position.
  size_t deal_count_ = 0;
};

}  // namespace dealog::projections
