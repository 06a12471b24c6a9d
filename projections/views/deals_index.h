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
#include "projections/views/deals_facts.h"
#include "projections/views/deals_order.h"
#include "projections/views/deals_postings.h"
#include "projections/views/money.h"

namespace dealog::projections {

// What the indexes know of a deal.
struct DealPlace {
  bool exists = false;
  Outcome outcome = Outcome::kOpen;
  Symbol pipeline = kNoSymbol;
  Symbol stage = kNoSymbol;
  int64_t entered_us = 0;
  FieldValue amount;
  int64_t expected_day = kUnset;
  uint64_t last_position = 0;
  PostedValues posted;
};

// Deals of one stage, in the order in which they entered it, and the totals of their amounts.
// Thread safety: const methods from many threads.
class DealGroup {
 public:
  using AmountOf = std::function<FieldValue(DealIndex)>;

  void Add(DealIndex deal, const DealPlace& place);
  void Remove(DealIndex deal, const DealPlace& place);
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

// Deals by their last change. Who changes again stays where it was as well, and is passed by there,
// until half of the list is such places.
// Thread safety: const methods from many threads.
class ChangeOrder {
 public:
  using PositionOf = std::function<uint64_t(DealIndex)>;

  // The deal's last change is now at the position, which is that of no other deal.
  void Add(DealIndex deal, uint64_t position, bool is_new, const PositionOf& position_of);
  // Deals that changed after the position, oldest change first, until the visitor returns false.
  void ForEachAfter(uint64_t position, const PositionOf& position_of,
                    const std::function<bool(DealIndex)>& visitor) const;

 private:
  struct Change {
    uint64_t position = 0;
    DealIndex deal = 0;
  };
  std::vector<Change> changes_;  // By position.
  size_t deal_count_ = 0;
};

// Thread safety: const methods from many threads. Invariants: equal to a scan of all places.
class DealIndexes {
 public:
  struct Pipeline {
    std::map<Symbol, DealGroup> stages;
    // Open deals by expected close day, kUnset included, and stage.
    std::map<int64_t, std::map<Symbol, DealGroup>> days;
    ChangeOrder changes;
  };

  // -before +after: a deal was at `before`, and is at `after` now.
  void Replace(DealIndex deal, const DealPlace& before, const DealPlace& after,
               const ChangeOrder::PositionOf& position_of);
  // The same for deals that all are new; it takes them in the order that costs least.
  void AddAll(const std::vector<DealPlace>& places, const ChangeOrder::PositionOf& position_of);

  // nullptr: no deal was ever in it.
  const Pipeline* Find(Symbol pipeline) const;
  const std::map<Symbol, Pipeline>& pipelines() const { return pipelines_; }
  const DealPostings& postings() const { return postings_; }

 private:
  void Regroup(DealIndex deal, const DealPlace& before, const DealPlace& after);
  void Post(DealIndex deal, const DealPlace& before, const DealPlace& after);

  std::map<Symbol, Pipeline> pipelines_;
  DealPostings postings_;
};

}  // namespace dealog::projections
