// KPIs over cycles: conversion, win rate, cycle length. Each cycle counts once, by its current span
// as of the instant asked about.

#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "projections/views/kpi_durations.h"
#include "projections/views/kpi_query.h"
#include "projections/views/money.h"

namespace dealog::projections {
namespace {

// A cycle as of the instant asked about.
struct Cycle {
  DealIndex deal;
  const CycleSpan& span;
  const SpanAttributes& attributes;
  Outcome outcome;

  // Attributes and calendar at its entry into the pipeline.
  CountedEvent AtEntry() const {
    return {.deal = deal,
            .attributes_us = span.cycle_opened_us,
            .calendar_us = span.cycle_opened_us,
            .stage = span.first_stage,
            .reason = outcome == Outcome::kLost ? span.reason : kNoSymbol,
            .attributes = &attributes.opened};
  }
  CountedEvent AtClosing() const {
    return {.deal = deal,
            .attributes_us = span.closed_us,
            .calendar_us = span.closed_us,
            .stage = span.last_open_stage,
            .reason = span.reason,
            .attributes = &attributes.closed};
  }
};

template <typename Visitor>
void ForEachCycle(const KpiQuery& query, Visitor visitor) {
  const int64_t as_of = query.as_of();
  const FactTable& table = query.snapshot.table();
  query.ForEachDeal([&](DealIndex deal) {
    const SpanAttributes* attributes = table.SpanAttributesOf(deal).data();
    for (const CycleSpan& span : table.SpansOf(deal)) {
      if (span.IsCyclesCurrent(as_of)) {
        visitor(Cycle{.deal = deal,
                      .span = span,
                      .attributes = *attributes,
                      .outcome = span.OutcomeAt(as_of)});
      }
      ++attributes;
    }
  });
}

struct ConversionTally {
  int64_t opened = 0;
  int64_t won = 0;
  int64_t open = 0;
};

absl::Status AnswerConversionCohort(KpiQuery& query, v1::QueryKpiResponse& reply) {
  Tallies<ConversionTally> tallies;
  ForEachCycle(query, [&](const Cycle& cycle) {
    if (!query.InPeriod(cycle.span.cycle_opened_us)) return;
    tallies.Count(query.grouper, cycle.AtEntry(), [&cycle](ConversionTally& tally) {
      ++tally.opened;
      if (cycle.outcome == Outcome::kWon) ++tally.won;
      if (cycle.outcome == Outcome::kOpen) ++tally.open;
    });
  });
  return WriteTallies(
      query, tallies,
      [](const ConversionTally& tally, v1::KpiResult& result) {
        SetRatio(tally.won, tally.opened, result);
        result.set_sample_size(tally.opened);
        result.set_open(tally.open);
        result.set_moved_out(0);  // No event moves a deal to another pipeline yet.
        return absl::OkStatus();
      },
      reply);
}

absl::Status AnswerConversionPeriod(KpiQuery& query, v1::QueryKpiResponse& reply) {
  Tallies<ConversionTally> tallies;
  ForEachCycle(query, [&](const Cycle& cycle) {
    if (query.InPeriod(cycle.span.cycle_opened_us)) {
      tallies.Count(query.grouper, cycle.AtEntry(), [](ConversionTally& tally) { ++tally.opened; });
    }
    if (cycle.outcome == Outcome::kWon && query.InPeriod(cycle.span.closed_us)) {
      // By month, closings pair with openings of the same month; attributes are those at entry on
      // both sides.
      CountedEvent closing = cycle.AtEntry();
      closing.calendar_us = cycle.span.closed_us;
      tallies.Count(query.grouper, closing, [](ConversionTally& tally) { ++tally.won; });
    }
  });
  return WriteTallies(
      query, tallies,
      [](const ConversionTally& tally, v1::KpiResult& result) {
        SetRatio(tally.won, tally.opened, result);
        result.set_sample_size(tally.opened);
        return absl::OkStatus();
      },
      reply);
}

struct WinRateTally {
  int64_t won = 0;
  int64_t lost = 0;
  int64_t won_with_amount = 0;  // In the tenant's currency.
  __int128 won_amount = 0;      // In the tenant's currency.
  __int128 lost_amount = 0;     // In the tenant's currency.
  bool foreign = false;         // Some amount is in another currency.
  CurrencySums foreign_won;

  void Add(const CycleSpan& span, Outcome outcome, bool has_amount, Currency own) {
    ++(outcome == Outcome::kWon ? won : lost);
    if (!has_amount) return;
    if (span.currency != own) {
      foreign = true;
      if (outcome == Outcome::kWon) foreign_won.Add(span.currency, span.amount_minor, 0);
    } else if (outcome == Outcome::kWon) {
      ++won_with_amount;
      won_amount += span.amount_minor;
    } else {
      lost_amount += span.amount_minor;
    }
  }
};

absl::Status WriteWinRate(const WinRateTally& tally, bool by_value, const std::string& currency,
                          v1::KpiResult& result) {
  ASSIGN_OR_RETURN(const int64_t won, CheckedSum(tally.won_amount, currency));
  ASSIGN_OR_RETURN(const int64_t lost, CheckedSum(tally.lost_amount, currency));
  ASSIGN_OR_RETURN(const int64_t all, CheckedSum(tally.won_amount + tally.lost_amount, currency));
  if (by_value) {
    SetRatio(won, all, result);
    // A missing rate is never 1:1, and leaving amounts out would be a wrong ratio.
    if (tally.foreign) result.clear_value();
  } else {
    SetRatio(tally.won, tally.won + tally.lost, result);
  }
  result.set_sample_size(tally.won + tally.lost);
  *result.mutable_won_amount() = ToMoney(won, currency);
  *result.mutable_lost_amount() = ToMoney(lost, currency);
  if (tally.won_with_amount > 0) {
    const __int128 mean = DivideRounded(tally.won_amount, tally.won_with_amount);
    *result.mutable_mean_won_amount() = ToMoney(static_cast<int64_t>(mean), currency);
  }
  return tally.foreign_won.Write(false, *result.mutable_totals());
}

// Which closings a cycle length covers.
bool Covers(v1::CycleOutcome asked, Outcome outcome) {
  switch (asked) {
    case v1::CYCLE_OUTCOME_LOST:
      return outcome == Outcome::kLost;
    case v1::CYCLE_OUTCOME_CLOSED:
      return outcome != Outcome::kOpen;
    default:
      return outcome == Outcome::kWon;
  }
}

std::string_view VariantOf(v1::CycleOutcome outcome) {
  switch (outcome) {
    case v1::CYCLE_OUTCOME_LOST:
      return "LOST";
    case v1::CYCLE_OUTCOME_CLOSED:
      return "CLOSED";
    default:
      return "WON";
  }
}

struct CycleTally {
  int64_t closed = 0;
  Durations lengths;
};

}  // namespace

absl::Status AnswerConversion(KpiQuery& query, v1::QueryKpiResponse& reply) {
  const bool by_period = query.request.mode() == v1::CONVERSION_MODE_PERIOD;
  reply.mutable_policies()->set_definition(by_period ? "conversion_period@1"
                                                     : "conversion_cohort@1");
  reply.mutable_policies()->set_variant(by_period ? "PERIOD" : "COHORT");
  return by_period ? AnswerConversionPeriod(query, reply) : AnswerConversionCohort(query, reply);
}

absl::Status AnswerWinRate(KpiQuery& query, v1::QueryKpiResponse& reply) {
  const bool by_value = query.request.by() == v1::WIN_RATE_BY_VALUE;
  reply.mutable_policies()->set_definition(by_value ? "win_rate_value@1" : "win_rate_count@1");
  reply.mutable_policies()->set_variant(by_value ? "VALUE" : "COUNT");
  const std::string& currency = query.snapshot.tenant().tenant()->currency_code;
  const Currency own = PackCurrency(currency);
  std::set<std::string> missing_rates;
  Tallies<WinRateTally> tallies;
  ForEachCycle(query, [&](const Cycle& cycle) {
    const CycleSpan& span = cycle.span;
    if (cycle.outcome == Outcome::kOpen || !query.InPeriod(span.closed_us)) return;
    const bool has_amount = span.HasAmount(query.as_of());
    if (has_amount && span.currency != own) {
      missing_rates.insert(absl::StrCat(UnpackCurrency(span.currency), "/", currency));
    }
    tallies.Count(query.grouper, cycle.AtClosing(),
                  [&](WinRateTally& tally) { tally.Add(span, cycle.outcome, has_amount, own); });
  });
  for (const std::string& pair : missing_rates) reply.add_missing_rates(pair);
  return WriteTallies(
      query, tallies,
      [&](const WinRateTally& tally, v1::KpiResult& result) {
        return WriteWinRate(tally, by_value, currency, result);
      },
      reply);
}

absl::Status AnswerCycle(KpiQuery& query, v1::QueryKpiResponse& reply) {
  reply.mutable_policies()->set_definition("cycle_length@1");
  reply.mutable_policies()->set_variant(std::string(VariantOf(query.request.outcome())));
  Tallies<CycleTally> tallies;
  ForEachCycle(query, [&](const Cycle& cycle) {
    const CycleSpan& span = cycle.span;
    if (cycle.outcome == Outcome::kOpen || !query.InPeriod(span.closed_us)) return;
    const bool covered = Covers(query.request.outcome(), cycle.outcome);
    tallies.Count(query.grouper, cycle.AtClosing(), [&](CycleTally& tally) {
      ++tally.closed;
      if (covered) tally.lengths.Add(span.closed_us - span.cycle_opened_us);
    });
  });
  return WriteTallies(
      query, tallies,
      [](const CycleTally& tally, v1::KpiResult& result) {
        const Durations* lengths = &tally.lengths;
        WriteDurations({&lengths, 1}, result);
        result.set_numerator(static_cast<int64_t>(tally.lengths.size()));
        result.set_denominator(tally.closed);
        return absl::OkStatus();
      },
      reply);
}

}  // namespace dealog::projections
