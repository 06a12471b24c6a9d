#include "projections/views/deals_standing.h"

#include "projections/views/deals_table.h"

namespace dealog::projections {
namespace {

Standing StandingOf(const FactTable& table, DealIndex deal, int64_t as_of) {
  Standing standing;
  // The one visit that is open at the instant gives the stage of an open deal.
  for (const Visit& visit : table.VisitsOf(deal)) {
    if (visit.entered_us >= as_of || visit.exited_us < as_of) continue;
    standing.stage = visit.stage;
    standing.last_open_stage = visit.stage;
    standing.entered_us = visit.entered_us;
  }
  // The deal's current span gives the cycle, and the stage of a closed deal.
  for (const CycleSpan& span : table.SpansOf(deal)) {
    if (!span.IsDealsCurrent(as_of)) continue;
    standing.cycle = span.cycle;
    if (span.closed_us >= as_of) continue;
    standing.outcome = span.outcome;
    standing.closed_us = span.closed_us;
    standing.last_open_stage = span.last_open_stage;
    standing.reason = span.reason;
    standing.stage = span.closed_stage;
    standing.entered_us = span.closed_us;
    if (!table.Changes(deal, DealField::kClosedStage)) continue;
    const Change moved = table.ClosedStage(deal, span.closed_us, as_of);
    if (moved.value == kUnset) continue;
    standing.stage = moved.field_value().symbol();
    standing.entered_us = moved.at_us;
  }
  return standing;
}

}  // namespace

void StandingColumns::Resize(size_t deals) {
  stage.Resize(deals);
  entered_us.Resize(deals);
  closed_us.Resize(deals, kNever);
  outcome.Resize(deals);
  last_open_stage.Resize(deals);
  reason.Resize(deals);
  cycle.Resize(deals, 1);
}

void StandingColumns::Set(DealIndex deal, const Standing& standing) {
  stage.Set(deal, standing.stage);
  entered_us.Set(deal, standing.entered_us);
  closed_us.Set(deal, standing.closed_us);
  outcome.Set(deal, standing.outcome);
  last_open_stage.Set(deal, standing.last_open_stage);
  reason.Set(deal, standing.reason);
  cycle.Set(deal, standing.cycle);
}

StandingColumns StandingAt(const FactTable& table, int64_t as_of) {
  StandingColumns standing = table.standing;
  for (DealIndex deal = 0; deal < table.deal_count(); ++deal) {
    if (table.opened_us[deal] >= as_of || table.IsWhole(deal, as_of)) continue;
    standing.Set(deal, StandingOf(table, deal, as_of));
  }
  return standing;
}

}  // namespace dealog::projections
