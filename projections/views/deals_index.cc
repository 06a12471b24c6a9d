#include "projections/views/deals_index.h"

#include <algorithm>

#include "eventstore/base/check.h"

namespace dealog::projections {
namespace {

bool SameGroups(const DealPlace& a, const DealPlace& b) {
  return a.exists == b.exists && a.outcome == b.outcome && a.pipeline == b.pipeline &&
         a.stage == b.stage && a.entered_us == b.entered_us && a.amount == b.amount &&
         a.expected_day == b.expected_day;
}

void RemoveFrom(std::map<Symbol, DealGroup>& groups, DealIndex deal, const DealPlace& place,
                const DealIds& ids) {
  const auto group = groups.find(place.stage);
  DEALOG_CHECK(group != groups.end()) << "a deal leaves the group that it is in";
  group->second.Remove(deal, place, ids);
  if (group->second.deals().empty()) groups.erase(group);
}

void Leave(DealIndexes::Pipeline& pipeline, DealIndex deal, const DealPlace& place,
           const DealIds& ids) {
  RemoveFrom(pipeline.stages, deal, place, ids);
  if (place.outcome != Outcome::kOpen) return;
  const auto day = pipeline.days.find(place.expected_day);
  DEALOG_CHECK(day != pipeline.days.end()) << "a deal leaves the day that it is in";
  RemoveFrom(day->second, deal, place, ids);
  if (day->second.empty()) pipeline.days.erase(day);
}

}  // namespace

void DealGroup::Add(DealIndex deal, const DealPlace& place, const DealIds& ids) {
  deals_.Insert({place.entered_us, deal}, ids);
  Count(place.amount, 1);
}

void DealGroup::Remove(DealIndex deal, const DealPlace& place, const DealIds& ids) {
  deals_.Erase({place.entered_us, deal}, ids);
  Count(place.amount, -1);
}

DealGroup::Total& DealGroup::Find(std::vector<Total>& totals, Currency currency) {
  for (Total& total : totals) {
    if (total.currency == currency) return total;
  }
  return totals.emplace_back(Total{.currency = currency});
}

void DealGroup::Count(const FieldValue& amount, int sign) {
  if (!amount.set()) return;
  base::MutexLock lock(mu_);
  Total& total = Find(totals_, amount.currency);
  DEALOG_CHECK(sign > 0 || total.deals > 0) << "what is taken out was counted";
  total.deals += static_cast<uint64_t>(sign);
  total.amount += sign * static_cast<__int128>(amount.value);
  if (chance_nanos_ != kNoChance) {
    total.weighted += sign * static_cast<__int128>(Weighted(amount.value, chance_nanos_));
  }
  // A currency that no deal has any more is in no total; one whose amounts sum up to zero is.
  if (total.deals == 0) std::erase_if(totals_, [](const Total& each) { return each.deals == 0; });
}

void DealGroup::AddTotals(int64_t chance_nanos, const AmountOf& amount_of,
                          CurrencySums& sums) const {
  DEALOG_CHECK(chance_nanos >= 0) << "a chance is a probability";
  base::MutexLock lock(mu_);
  if (chance_nanos_ != chance_nanos) {
    chance_nanos_ = chance_nanos;
    for (Total& total : totals_) total.weighted = 0;
    std::vector<Total>& totals = totals_;
    deals_.ForEach([&](const OrderedDeals::Entry& entry) {
      const FieldValue amount = amount_of(entry.deal);
      if (amount.set()) {
        Find(totals, amount.currency).weighted += Weighted(amount.value, chance_nanos);
      }
      return true;
    });
  }
  for (const Total& total : totals_) sums.AddSum(total.currency, total.amount, total.weighted);
}

const DealIndexes::Pipeline* DealIndexes::Find(Symbol pipeline) const {
  const auto found = pipelines_.find(pipeline);
  return found == pipelines_.end() ? nullptr : &found->second;
}

void DealIndexes::Replace(DealIndex deal, const DealPlace& before, const DealPlace& after,
                          const DealKeys& keys) {
  DEALOG_CHECK(after.exists) << "a deal that was opened stays";
  if (!before.exists || before.last_position != after.last_position) {
    changes_.Add(deal, after.last_position, !before.exists, keys);
  }
  Regroup(deal, before, after, keys.ids());
  Post(deal, before, after);
  orders_.Replace(deal, before, after, keys);
}

void DealIndexes::Post(DealIndex deal, const DealPlace& before, const DealPlace& after) {
  postings_.Replace(deal, before.exists ? before.posted : PostedValues(), after.posted);
}

void DealIndexes::Regroup(DealIndex deal, const DealPlace& before, const DealPlace& after,
                          const DealIds& ids) {
  if (SameGroups(before, after)) return;
  if (before.exists) Leave(pipelines_[before.pipeline], deal, before, ids);
  Pipeline& pipeline = pipelines_[after.pipeline];
  pipeline.stages[after.stage].Add(deal, after, ids);
  if (after.outcome == Outcome::kOpen) {
    pipeline.days[after.expected_day][after.stage].Add(deal, after, ids);
  }
}

void DealIndexes::AddAll(size_t count, const std::function<DealPlace(DealIndex)>& place_of,
                         const DealKeys& keys) {
  struct Timed {
    int64_t at = 0;
    DealIndex deal = 0;
  };
  if (count == 0) return;  // A view that begins, perhaps to fold the whole log: see DealOrders.
  const std::vector<DealIndex> by_id = keys.DealsById();
  orders_.Make(by_id, keys);
  for (DealIndex deal = 0; deal < count; ++deal) {
    // By number: at the ends of sets.
    if (const DealPlace place = place_of(deal); place.exists) Post(deal, {}, place);
  }
  // Everybody at the end of their groups, and of those who changed.
  std::vector<Timed> timed(by_id.size());
  const auto for_each_by = [&](auto at_of, auto visit) {
    for (size_t i = 0; i < timed.size(); ++i) {
      timed[i] = {.at = at_of(by_id[i]), .deal = by_id[i]};
    }
    // Stable: what is equal stays by id.
    std::stable_sort(timed.begin(), timed.end(),
                     [](const Timed& a, const Timed& b) { return a.at < b.at; });
    for (const Timed& each : timed) visit(each.deal);
  };
  for_each_by([&](DealIndex deal) { return place_of(deal).entered_us; },
              [&](DealIndex deal) { Regroup(deal, {}, place_of(deal), keys.ids()); });
  for_each_by([&](DealIndex deal) { return static_cast<int64_t>(keys.LastPosition(deal)); },
              [&](DealIndex deal) { changes_.Add(deal, keys.LastPosition(deal), true, keys); });
}

void DealIndexes::ForEachInOrder(states::DealFieldId by, bool descending, const OrderKey* after,
                                 const DealKeys& keys, const DealOrders::Visitor& visitor) const {
  if (by == states::DealFieldId::kUpdateTime) {
    return changes_.ForEachByTime(descending, after, keys, visitor);
  }
  orders_.ForEach(by, descending, after, keys, visitor);
}

}  // namespace dealog::projections
