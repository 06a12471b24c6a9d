#pragma once

// One KPI question, resolved; and the functions that answer one KPI each. Formulas: docs/kpi.md.
// To add a KPI: docs/kpi.md, last section.

#include <cstdint>
#include <limits>
#include <string_view>

#include "absl/status/status.h"
#include "dealog/v1/kpi.pb.h"
#include "projections/views/deals_filter.h"
#include "projections/views/deals_snapshot.h"
#include "projections/views/kpi_group.h"

namespace dealog::projections {

// Thread safety: none, one question's.
struct KpiQuery {
  const v1::QueryKpiRequest& request;
  const DealsSnapshot& snapshot;
  const PipelineAt& pipeline;
  const DealMarks& marks;  // Deals of the pipeline that exist as of then and match the filter.
  Grouper grouper;
  int64_t from_us = std::numeric_limits<int64_t>::min();
  int64_t to_us = kNever;

  bool InPeriod(int64_t instant) const { return instant >= from_us && instant < to_us; }
  // Visits the deals that count.
  template <typename Visitor>
  void ForEachDeal(Visitor visitor) const {
    for (DealIndex deal = 0; deal < marks.size(); ++deal) {
      if (marks[deal]) visitor(deal);
    }
  }
  int64_t as_of() const { return snapshot.as_of(); }
};

// Each adds the total and the groups to reply.results, and sets definition and variant.
absl::Status AnswerConversion(KpiQuery& query, v1::QueryKpiResponse& reply);
absl::Status AnswerWinRate(KpiQuery& query, v1::QueryKpiResponse& reply);
absl::Status AnswerCycle(KpiQuery& query, v1::QueryKpiResponse& reply);
absl::Status AnswerStages(KpiQuery& query, v1::QueryKpiResponse& reply);
absl::Status AnswerExits(KpiQuery& query, v1::QueryKpiResponse& reply);
absl::Status AnswerDecisionDate(KpiQuery& query, v1::QueryKpiResponse& reply);

// numerator / denominator into value, numerator and denominator; value stays unset for 0.
void SetRatio(int64_t numerator, int64_t denominator, v1::KpiResult& result);

// Writes the total and then every group that was seen.
template <typename Tally, typename Write>
absl::Status WriteTallies(const KpiQuery& query, const Tallies<Tally>& tallies, Write write,
                          v1::QueryKpiResponse& reply) {
  if (absl::Status status = write(tallies.total, *reply.add_results()); !status.ok()) return status;
  if (!query.grouper.active()) return absl::OkStatus();
  for (const Grouper::Group group : query.grouper.InOrder()) {
    if (group >= tallies.groups.size()) continue;
    v1::KpiResult& result = *reply.add_results();
    result.set_group(query.grouper.Label(group));
    if (absl::Status status = write(tallies.groups[group], result); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace dealog::projections
