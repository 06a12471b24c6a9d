// Open deals by the month in which they should be decided, next to what was won in that month.

#include <algorithm>
#include <map>
#include <vector>

#include "eventstore/base/status.h"
#include "projections/views/board.h"
#include "projections/views/instants.h"
#include "projections/views/kpi_calendar.h"
#include "projections/views/kpi_query.h"
#include "projections/views/money.h"

namespace dealog::projections {
namespace {

struct OpenTally {
  int64_t deals = 0;
  CurrencySums totals;
};

// The period as days: a date lies in it if its 00:00 does.
struct DayPeriod {
  int64_t from = std::numeric_limits<int64_t>::min();
  int64_t to = kNever;

  static DayPeriod Of(const KpiQuery& query) {
    const absl::TimeZone& zone = query.snapshot.tenant().time_zone();
    const auto first_day_from = [&zone](int64_t instant) {
      const int32_t day = DayAt(instant, zone);
      return StartOfDay(day, zone) < instant ? day + 1 : day;
    };
    DayPeriod period;
    if (query.request.has_from_time()) period.from = first_day_from(query.from_us);
    if (query.request.has_to()) period.to = first_day_from(query.to_us);
    return period;
  }
  bool limited() const { return from != std::numeric_limits<int64_t>::min() || to != kNever; }
  // A limited period has no deals without a date.
  bool Has(FieldValue day) const {
    return day.set() ? day.value >= from && day.value < to : !limited();
  }
};

// Won cycles per month of their closing.
std::map<int32_t, int64_t> CountWonByMonth(const KpiQuery& query) {
  std::map<int32_t, int64_t> won;
  const absl::TimeZone& zone = query.snapshot.tenant().time_zone();
  Calendar months(CalendarUnit::kMonth, zone);
  std::vector<int64_t> counts;
  std::vector<int64_t> closed;
  query.ForEachDeal([&](DealIndex deal) {
    for (const CycleSpan& span : query.snapshot.table().SpansOf(deal)) {
      if (!span.IsCyclesCurrent(query.as_of()) || !query.InPeriod(span.closed_us)) continue;
      if (span.OutcomeAt(query.as_of()) == Outcome::kWon) closed.push_back(span.closed_us);
    }
  });
  if (closed.empty()) return won;
  const auto [first, last] = std::minmax_element(closed.begin(), closed.end());
  months.Cover(*first, *last);
  for (const int64_t at : closed) {
    const size_t unit = months.UnitOf(at);
    if (unit >= counts.size()) counts.resize(unit + 1);
    ++counts[unit];
  }
  for (size_t unit = 0; unit < counts.size(); ++unit) {
    if (counts[unit] > 0) won[DecisionMonths::MonthOf(months.FirstDayOf(unit))] = counts[unit];
  }
  return won;
}

// The expected date's first instant; kNever without a date.
int64_t StartOf(FieldValue day, const DealsSnapshot& snapshot) {
  if (!day.set()) return kNever;
  return StartOfDay(static_cast<int32_t>(day.value), snapshot.tenant().time_zone());
}

absl::Status Write(const OpenTally& tally, v1::KpiResult& result) {
  result.set_value(static_cast<double>(tally.deals));
  result.set_numerator(tally.deals);
  result.set_sample_size(tally.deals);
  return tally.totals.Write(true, *result.mutable_totals());
}

// Counts open deals per bucket.
std::vector<Tallies<OpenTally>> CountOpen(KpiQuery& query, DecisionMonths& months,
                                          OpenTally& total) {
  const DealsSnapshot& snapshot = query.snapshot;
  const StandingColumns& standing = snapshot.standing();
  const DayPeriod period = DayPeriod::Of(query);
  StageWeights weights(snapshot);
  std::vector<Tallies<OpenTally>> buckets;
  query.ForEachDeal([&](DealIndex deal) {
    if (standing.outcome[deal] != Outcome::kOpen) return;
    const FieldValue day = snapshot.table().Latest(deal, DealField::kExpectedClose, query.as_of());
    if (!period.Has(day)) return;
    const FieldValue amount = snapshot.table().Latest(deal, DealField::kAmount, query.as_of());
    const auto add = [&](OpenTally& tally) {
      ++tally.deals;
      if (!amount.set()) return;
      tally.totals.Add(amount.currency, amount.value,
                       Weighted(amount.value, weights.Nanos(standing.stage[deal])));
    };
    add(total);
    CountedEvent event{.deal = deal, .attributes_us = kNever, .stage = standing.stage[deal]};
    if (query.grouper.IsCalendar()) event.calendar_us = StartOf(day, snapshot);
    const size_t bucket = months.BucketOf(day);
    if (bucket >= buckets.size()) buckets.resize(bucket + 1);
    buckets[bucket].Count(query.grouper, event, add);
  });
  return buckets;
}

}  // namespace

absl::Status AnswerDecisionDate(KpiQuery& query, v1::QueryKpiResponse& reply) {
  reply.mutable_policies()->set_definition("by_decision_date@1");
  reply.mutable_policies()->set_variant("MONTH");
  // Results are per month anyway.
  if (query.grouper.dimension() == Dimension::kMonth) query.grouper.Deactivate();
  OpenTally total;
  DecisionMonths months(query.snapshot);
  std::vector<Tallies<OpenTally>> buckets = CountOpen(query, months, total);
  const std::map<int32_t, int64_t> won = CountWonByMonth(query);
  // A month in which something was won is told even if nothing open is expected in it: left out,
  // its wins would be in no month, and the months would not add up.
  for (const auto& [month, count] : won) months.BucketOfMonth(month);
  buckets.resize(months.InOrder().size());
  RETURN_IF_ERROR(Write(total, *reply.add_results()));
  const std::vector<Grouper::Group> order = query.grouper.InOrder();
  for (const size_t bucket : months.InOrder()) {
    const Tallies<OpenTally>& tallies = buckets[bucket];
    v1::KpiResult& result = *reply.add_results();
    result.set_group(months.Label(bucket));
    RETURN_IF_ERROR(Write(tallies.total, result));
    if (bucket != DecisionMonths::kOverdue && bucket != DecisionMonths::kNoDate) {
      const auto found = won.find(months.Month(bucket));
      result.set_won_in_month(found == won.end() ? 0 : found->second);
    }
    for (const Grouper::Group group : order) {
      if (group >= tallies.groups.size() || tallies.groups[group].deals == 0) continue;
      v1::KpiResult& part = *reply.add_results();
      part.set_group(months.Label(bucket));
      part.set_subgroup(query.grouper.Label(group));
      RETURN_IF_ERROR(Write(tallies.groups[group], part));
    }
  }
  return absl::OkStatus();
}

}  // namespace dealog::projections
