#include "projections/views/deals_standing.h"

#include "projections/views/deals_table.h"

namespace dealog::projections {
namespace {

// The one visit that is open at the instant gives the stage of an open deal.
void StandInVisits(const FactTable& table, int64_t as_of, StandingColumns& standing) {
  for (const Visit& visit : table.visits()) {
    if (visit.deal == kNoDeal || visit.entered_us >= as_of || visit.exited_us < as_of) continue;
    standing.stage[visit.deal] = visit.stage;
    standing.last_open_stage[visit.deal] = visit.stage;
    standing.entered_us[visit.deal] = visit.entered_us;
  }
}

// The deal's current span gives the cycle, and the stage of a closed deal.
void StandInSpans(const FactTable& table, int64_t as_of, StandingColumns& standing) {
  for (const CycleSpan& span : table.spans()) {
    if (span.deal == kNoDeal || !span.IsDealsCurrent(as_of)) continue;
    standing.cycle[span.deal] = span.cycle;
    if (span.closed_us >= as_of) continue;
    standing.outcome[span.deal] = span.outcome;
    standing.closed_us[span.deal] = span.closed_us;
    standing.last_open_stage[span.deal] = span.last_open_stage;
    standing.reason[span.deal] = span.reason;
    standing.stage[span.deal] = span.closed_stage;
    standing.entered_us[span.deal] = span.closed_us;
    if (!table.Changes(span.deal, DealField::kClosedStage)) continue;
    const Change moved = table.ClosedStage(span.deal, span.closed_us, as_of);
    if (moved.value == kUnset) continue;
    standing.stage[span.deal] = moved.field_value().symbol();
    standing.entered_us[span.deal] = moved.at_us;
  }
}

}  // namespace

void StandingColumns::Resize(size_t deals) {
  stage.resize(deals);
  entered_us.resize(deals);
  closed_us.resize(deals, kNever);
  outcome.resize(deals);
  last_open_stage.resize(deals);
  reason.resize(deals);
  cycle.resize(deals, 1);
}

void StandingColumns::Set(DealIndex deal, const Standing& standing) {
  stage[deal] = standing.stage;
  entered_us[deal] = standing.entered_us;
  closed_us[deal] = standing.closed_us;
  outcome[deal] = standing.outcome;
  last_open_stage[deal] = standing.last_open_stage;
  reason[deal] = standing.reason;
  cycle[deal] = standing.cycle;
}

StandingColumns StandingAt(const FactTable& table, int64_t as_of) {
  StandingColumns standing;
  standing.Resize(table.deal_count());
  StandInVisits(table, as_of, standing);
  StandInSpans(table, as_of, standing);
  return standing;
}

}  // namespace dealog::projections
