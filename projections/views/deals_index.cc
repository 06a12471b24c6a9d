#include "projections/views/deals_index.h"

#include <algorithm>
#include <numeric>

#include "eventstore/base/check.h"

namespace dealog::projections {
namespace {

// Places kept of deals that changed again, beside one per deal.
constexpr size_t kPassedPlaces = 64;

bool SameGroups(const DealPlace& a, const DealPlace& b) {
  return a.exists == b.exists && a.outcome == b.outcome && a.pipeline == b.pipeline &&
         a.stage == b.stage && a.entered_us == b.entered_us && a.amount == b.amount &&
         a.expected_day == b.expected_day;
}

void RemoveFrom(std::map<Symbol, DealGroup>& groups, DealIndex deal, const DealPlace& place) {
  const auto group = groups.find(place.stage);
  DEALOG_CHECK(group != groups.end()) << "a deal leaves the group that it is in";
  group->second.Remove(deal, place);
  if (group->second.deals().empty()) groups.erase(group);
}

void Leave(DealIndexes::Pipeline& pipeline, DealIndex deal, const DealPlace& place) {
  RemoveFrom(pipeline.stages, deal, place);
  if (place.outcome != Outcome::kOpen) return;
  const auto day = pipeline.days.find(place.expected_day);
  DEALOG_CHECK(day != pipeline.days.end()) << "a deal leaves the day that it is in";
  RemoveFrom(day->second, deal, place);
  if (day->second.empty()) pipeline.days.erase(day);
}

}  // namespace

void DealGroup::Add(DealIndex deal, const DealPlace& place) {
  deals_.Insert({place.entered_us, deal});
  Count(place.amount, 1);
}

void DealGroup::Remove(DealIndex deal, const DealPlace& place) {
  deals_.Erase({place.entered_us, deal});
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

void ChangeOrder::Add(DealIndex deal, uint64_t position, bool is_new,
                      const PositionOf& position_of) {
  // Nearly always the last place: only deals of one commit come in any order.
  auto at = changes_.end();
  while (at != changes_.begin() && std::prev(at)->position > position) --at;
  changes_.insert(at, {.position = position, .deal = deal});
  if (is_new) ++deal_count_;
  if (changes_.size() <= 2 * deal_count_ + kPassedPlaces) return;
  std::erase_if(changes_,
                [&](const Change& change) { return position_of(change.deal) != change.position; });
}

void ChangeOrder::ForEachAfter(uint64_t position, const PositionOf& position_of,
                               const std::function<bool(DealIndex)>& visitor) const {
  auto at = std::partition_point(
      changes_.begin(), changes_.end(),
      [position](const Change& change) { return change.position <= position; });
  for (; at != changes_.end(); ++at) {
    if (position_of(at->deal) == at->position && !visitor(at->deal)) return;
  }
}

const DealIndexes::Pipeline* DealIndexes::Find(Symbol pipeline) const {
  const auto found = pipelines_.find(pipeline);
  return found == pipelines_.end() ? nullptr : &found->second;
}

void DealIndexes::Replace(DealIndex deal, const DealPlace& before, const DealPlace& after,
                          const ChangeOrder::PositionOf& position_of) {
  DEALOG_CHECK(after.exists) << "a deal that was opened stays";
  const bool is_new = !before.exists || before.pipeline != after.pipeline;
  if (is_new || before.last_position != after.last_position) {
    pipelines_[after.pipeline].changes.Add(deal, after.last_position, is_new, position_of);
  }
  Regroup(deal, before, after);
  Post(deal, before, after);
}

void DealIndexes::Post(DealIndex deal, const DealPlace& before, const DealPlace& after) {
  postings_.Replace(deal, before.exists ? before.posted : PostedValues(), after.posted);
}

void DealIndexes::Regroup(DealIndex deal, const DealPlace& before, const DealPlace& after) {
  if (SameGroups(before, after)) return;
  if (before.exists) Leave(pipelines_[before.pipeline], deal, before);
  Pipeline& pipeline = pipelines_[after.pipeline];
  pipeline.stages[after.stage].Add(deal, after);
  if (after.outcome == Outcome::kOpen) {
    pipeline.days[after.expected_day][after.stage].Add(deal, after);
  }
}

void DealIndexes::AddAll(const std::vector<DealPlace>& places,
                         const ChangeOrder::PositionOf& position_of) {
  std::vector<DealIndex> order(places.size());
  std::iota(order.begin(), order.end(), DealIndex{0});
  std::erase_if(order, [&](DealIndex deal) { return !places[deal].exists; });
  for (const DealIndex deal : order) Post(deal, {}, places[deal]);  // By number: at sets' ends.
  std::sort(order.begin(), order.end(), [&](DealIndex a, DealIndex b) {
    return places[a].last_position < places[b].last_position;
  });
  for (const DealIndex deal : order) {
    pipelines_[places[deal].pipeline].changes.Add(deal, places[deal].last_position, true,
                                                  position_of);
  }
  // Everybody at the end of their groups.
  std::sort(order.begin(), order.end(), [&](DealIndex a, DealIndex b) {
    const OrderedDeals::Entry of_a{places[a].entered_us, a};
    return of_a < OrderedDeals::Entry{places[b].entered_us, b};
  });
  for (const DealIndex deal : order) Regroup(deal, {}, places[deal]);
}

}  // namespace dealog::projections
