// `dealog kpi`: one command per KPI; how answers are shown is in kpi_show.cc.

#include <map>

#include "absl/strings/str_cat.h"
#include "dealog/v1/kpi.grpc.pb.h"
#include "projections/states/deal_fields.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/kpi_show.h"

namespace dealog::cli {
namespace {

using Call = CallCommand<v1::QueryKpiRequest>;

// A KPI's command with the options that all KPIs have.
Call AddKpi(const CommandTree& group, v1::Kpi kpi, const Help& help) {
  auto call = AddCall(group, help, &v1::KpiService::Stub::QueryKpi, ShowKpi);
  auto* request = call.request.get();
  request->set_kpi(kpi);
  call.Text("--pipeline", "Pipeline: name or id (default: the tenant's)",
            request->mutable_pipeline());
  call.Read("--from", "Begin of the period, inclusive: date or RFC 3339 time",
            ReadField(request, &v1::QueryKpiRequest::mutable_from_time, ParseInstant));
  call.Read("--to", "End of the period, exclusive: date or RFC 3339 time",
            ReadField(request, &v1::QueryKpiRequest::mutable_to, ParseInstant));
  call.Text("--group-by",
            absl::StrCat(states::FieldNames(states::DealFields(), states::kGroupable),
                         ", week, month or quarter"),
            request->mutable_group_by());
  AddFilterOption(call, states::DealFields());
  const std::map<std::string, v1::AttributeAt> attributes = {{"event", v1::ATTRIBUTE_AT_EVENT},
                                                             {"current", v1::ATTRIBUTE_AT_CURRENT}};
  call.Read("--attributes", "Group by owner, team, … as at the event (default) or as current",
            ReadChoice(attributes,
                       [request](v1::AttributeAt value) { request->set_attribute_at(value); }));
  AddPastOptions(call);
  return call;
}

void AddModeOption(const Call& call) {
  const std::map<std::string, v1::ConversionMode> modes = {{"cohort", v1::CONVERSION_MODE_COHORT},
                                                           {"period", v1::CONVERSION_MODE_PERIOD}};
  call.Read("--mode", "cohort (the default): of the deals begun in the period; or period",
            ReadChoice(modes, [request = call.request.get()](v1::ConversionMode mode) {
              request->set_mode(mode);
            }));
}

void AddByOption(const Call& call) {
  const std::map<std::string, v1::WinRateBy> weights = {{"count", v1::WIN_RATE_BY_COUNT},
                                                        {"value", v1::WIN_RATE_BY_VALUE}};
  call.Read("--by", "count (the default) or value",
            ReadChoice(weights,
                       [request = call.request.get()](v1::WinRateBy by) { request->set_by(by); }));
}

void AddOutcomeOption(const Call& call) {
  const std::map<std::string, v1::CycleOutcome> outcomes = {{"won", v1::CYCLE_OUTCOME_WON},
                                                            {"lost", v1::CYCLE_OUTCOME_LOST},
                                                            {"closed", v1::CYCLE_OUTCOME_CLOSED}};
  call.Read("--outcome", "won (the default), lost or closed (both)",
            ReadChoice(outcomes, [request = call.request.get()](v1::CycleOutcome outcome) {
              request->set_outcome(outcome);
            }));
}

}  // namespace

void AddKpiCommands(const CommandTree& root) {
  const CommandTree group = root.Group("kpi", "KPIs over any period, group and past instant");
  AddModeOption(AddKpi(group, v1::KPI_CONVERSION,
                       {"conversion", "Won deals of those that began in the period",
                        "dealog kpi conversion --pipeline Sales --group-by region"}));
  AddByOption(AddKpi(group, v1::KPI_WIN_RATE,
                     {"win-rate", "Won deals of those that closed in the period",
                      "dealog kpi win-rate --pipeline Sales --by value --group-by owner"}));
  AddOutcomeOption(AddKpi(group, v1::KPI_CYCLE,
                          {"cycle", "Time from opening to closing",
                           "dealog kpi cycle --pipeline Sales --outcome closed --group-by month"}));
  AddKpi(group, v1::KPI_STAGES,
         {"stages", "Time in each stage", "dealog kpi stages --pipeline Sales --from 2026-01-01"});
  AddKpi(group, v1::KPI_EXITS,
         {"exits", "How deals left each stage",
          "dealog kpi exits --pipeline Sales --filter 'tags:\"vip\"'"});
  AddKpi(group, v1::KPI_DECISION_DATE,
         {"decision-date", "Open deals by month of their decision date",
          "dealog kpi decision-date --pipeline Sales --as-of 2026-06-01"});
}

}  // namespace dealog::cli
