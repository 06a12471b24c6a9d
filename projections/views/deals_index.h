#pragma once

// What boards and jobs ask of all deals as they are now, kept up to date deal by deal, so that an
// answer costs the same however many deals there are: per pipeline the deals of every stage, those
// of every expected close day, their totals, and who changed last.
//
//   const DealIndexes::Pipeline* pipeline = table.indexes()->Find(symbol);
//   for (const auto& [stage, group] : pipeline->stages) ... group.deals().size() ...

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "projections/views/change_order.h"
#include "projections/views/deal_place.h"
#include "projections/views/deals_keys.h"
#include "projections/views/deals_order.h"
#include "projections/views/deals_orders.h"
#include "projections/views/deals_postings.h"
#include "projections/views/money.h"

namespace dealog::projections {

// Deals of one stage, in the order in which they entered it, and the totals of their amounts.
// Thread safety: const methods from many threads.
class DealGroup {
 public:
  using AmountOf = std::function<FieldValue(DealIndex)>;

  void Add(DealIndex deal, const DealPlace& place, const DealIds& ids);
  void Remove(DealIndex deal, const DealPlace& place, const DealIds& ids);
  const OrderedDeals& deals() const { return deals_; }
  // Adds the sums of amounts and of weights at the stage's chance to win. A chance other than last
  // time's takes a look at the amounts of all deals of the group.
  void AddTotals(int64_t chance_nanos, const AmountOf& amount_of, CurrencySums& sums) const;

 private:
  struct Total {
    Currency currency = 0;
    uint64_t deals = 0;
    __int128 amount = 0;
    __int128 weighted = 0;  // At chance_nanos_: the sum of what each deal's amount is rounded to.
  };
  void Count(const FieldValue& amount, int sign);
  static Total& Find(std::vector<Total>& totals, Currency currency);

  static constexpr int64_t kNoChance = -1;

  OrderedDeals deals_;
  mutable base::Mutex mu_;
  mutable std::vector<Total> totals_ ABSL_GUARDED_BY(mu_);  // Few: a tenant's currencies.
  mutable int64_t chance_nanos_ ABSL_GUARDED_BY(mu_) = kNoChance;
};

// Thread safety: const methods from many threads. Invariants: equal to a scan of all places.
class DealIndexes {
 public:
  struct Pipeline {
    std::map<Symbol, DealGroup> stages;
    // Open deals by expected close day, kUnset included, and stage.
    std::map<int64_t, std::map<Symbol, DealGroup>> days;
  };

  // -before +after: a deal was at `before`, and is at `after` now, as the columns say already.
  void Replace(DealIndex deal, const DealPlace& before, const DealPlace& after,
               const DealKeys& keys);
  // The same for deals [0, count), which all are new; it takes them in the order that costs least.
  void AddAll(size_t count, const std::function<DealPlace(DealIndex)>& place_of,
              const DealKeys& keys);

  // nullptr: no deal was ever in it.
  const Pipeline* Find(Symbol pipeline) const;
  const std::map<Symbol, Pipeline>& pipelines() const { return pipelines_; }
  const DealPostings& postings() const { return postings_; }
  const ChangeOrder& changes() const { return changes_; }
  // In the order of a field that sorts, after the key, if it is given, until the visitor returns
  // false.
  void ForEachInOrder(states::DealFieldId by, bool descending, const OrderKey* after,
                      const DealKeys& keys, const DealOrders::Visitor& visitor) const;

 private:
  void Regroup(DealIndex deal, const DealPlace& before, const DealPlace& after, const DealIds& ids);
  void Post(DealIndex deal, const DealPlace& before, const DealPlace& after);

  std::map<Symbol, Pipeline> pipelines_;
  DealPostings postings_;
  ChangeOrder changes_;
  DealOrders orders_;
};

}  // namespace dealog::projections
