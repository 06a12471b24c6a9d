#pragma once

// All deals in the order of every field that lists sort by: a page is found from its cursor on,
// however many deals there are. update_time is the order of changes (change_order.h), which nearly
// every event moves a deal in. Orders hold numbers of deals only and compare by the columns.
//
// They are made when deals are loaded, or when they are first asked for, and kept up from then on:
// a fold of the whole log, which nobody reads meanwhile, does not move every deal at every event.

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include "eventstore/base/mutex.h"
#include "projections/views/chunked_order.h"
#include "projections/views/deal_place.h"
#include "projections/views/deals_keys.h"

namespace dealog::projections {

// Thread safety: const methods from many threads. Invariants: once made, equal to all deals, sorted
// by the keys of the columns.
class DealOrders {
 public:
  // Until it returns false.
  using Visitor = std::function<bool(DealIndex)>;

  // -before +after: columns are those of after already. Nothing, while they are not made.
  void Replace(DealIndex deal, const DealPlace& before, const DealPlace& after,
               const DealKeys& keys);
  // Makes them, of all deals; those come by id.
  void Make(const std::vector<DealIndex>& by_id, const DealKeys& keys);

  // Deals by a field that has an order here, after the key, if it is given: a key of a list that
  // runs this way.
  void ForEach(states::DealFieldId by, bool descending, const OrderKey* after, const DealKeys& keys,
               const Visitor& visitor) const;

 private:
  using Order = ChunkedOrder<DealIndex>;
  using Id = states::DealFieldId;
  static constexpr std::array kOrdered = {Id::kDealId, Id::kTitle, Id::kCreateTime, Id::kAmount,
                                          Id::kExpectedCloseDate};

  using Orders = std::array<Order, kOrdered.size()>;  // At the same places.

  static Orders Sorted(const std::vector<DealIndex>& by_id, const DealKeys& keys);
  const Order& OrderOf(states::DealFieldId by, const DealKeys& keys) const;

  // Who finds it unset makes it under the lock; it is set once, and then read without it.
  mutable std::atomic<bool> made_ = false;
  mutable base::Mutex making_;
  mutable Orders orders_;
};

}  // namespace dealog::projections
