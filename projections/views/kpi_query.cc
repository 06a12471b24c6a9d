// QueryKpi: resolves the question, then hands it to the KPI asked for.

#include "projections/views/kpi_query.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "projections/views/instants.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

struct Period {
  int64_t from_us = std::numeric_limits<int64_t>::min();
  int64_t to_us = kNever;
};

absl::StatusOr<Period> ResolvePeriod(const TenantViews& views, const v1::QueryKpiRequest& request) {
  Period period;
  if (request.has_from_time()) {
    ASSIGN_OR_RETURN(period.from_us, ResolveInstant(request.from_time(), views, "from_time"));
  }
  if (request.has_to()) {
    ASSIGN_OR_RETURN(period.to_us, ResolveInstant(request.to(), views, "to"));
  }
  if (period.from_us >= period.to_us) {
    const auto text = [](int64_t micros) {
      return absl::FormatTime(absl::FromUnixMicros(micros), absl::UTCTimeZone());
    };
    return base::InvalidField(
        "to", absl::StrCat("expected an instant after from_time, which is ", text(period.from_us),
                           ", found ", text(period.to_us)));
  }
  return period;
}

// Every enum field must hold a published value.
template <typename Enum>
absl::Status CheckEnum(std::string_view field, Enum value, Enum first) {
  const google::protobuf::EnumDescriptor* type = google::protobuf::GetEnumDescriptor<Enum>();
  if (value >= first && type->FindValueByNumber(value) != nullptr) return absl::OkStatus();
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() > 0) names.push_back(type->value(i)->name());
  }
  return base::InvalidField(field, absl::StrCat("expected one of ", ListOfNames(std::move(names)),
                                                ", found ", static_cast<int>(value)));
}

absl::Status CheckEnums(const v1::QueryKpiRequest& request) {
  RETURN_IF_ERROR(CheckEnum("kpi", request.kpi(), v1::KPI_CONVERSION));
  RETURN_IF_ERROR(CheckEnum("mode", request.mode(), v1::CONVERSION_MODE_UNSPECIFIED));
  RETURN_IF_ERROR(CheckEnum("by", request.by(), v1::WIN_RATE_BY_UNSPECIFIED));
  RETURN_IF_ERROR(CheckEnum("outcome", request.outcome(), v1::CYCLE_OUTCOME_UNSPECIFIED));
  return CheckEnum("attribute_at", request.attribute_at(), v1::ATTRIBUTE_AT_UNSPECIFIED);
}

absl::Status Answer(KpiQuery& query, v1::QueryKpiResponse& reply) {
  switch (query.request.kpi()) {
    case v1::KPI_CONVERSION:
      return AnswerConversion(query, reply);
    case v1::KPI_WIN_RATE:
      return AnswerWinRate(query, reply);
    case v1::KPI_CYCLE:
      return AnswerCycle(query, reply);
    case v1::KPI_STAGES:
      return AnswerStages(query, reply);
    case v1::KPI_EXITS:
      return AnswerExits(query, reply);
    case v1::KPI_DECISION_DATE:
      return AnswerDecisionDate(query, reply);
    default:
      return CheckEnum("kpi", v1::KPI_UNSPECIFIED, v1::KPI_CONVERSION);
  }
}

void SetPolicies(const KpiQuery& query, v1::KpiPolicies& policies) {
  policies.set_time_zone(query.snapshot.tenant().tenant()->time_zone);
  policies.set_attribute_at(query.request.attribute_at() == v1::ATTRIBUTE_AT_CURRENT ? "CURRENT"
                                                                                     : "AT_EVENT");
  policies.set_groups_overlap(query.grouper.dimension() == Dimension::kTag);
}

}  // namespace

void SetRatio(int64_t numerator, int64_t denominator, v1::KpiResult& result) {
  result.set_numerator(numerator);
  result.set_denominator(denominator);
  if (denominator == 0) return;
  result.set_value(static_cast<double>(numerator) / static_cast<double>(denominator));
}

absl::StatusOr<v1::QueryKpiResponse> QueryKpi(const TenantViews& views,
                                              const v1::QueryKpiRequest& request,
                                              const AsKnown& when, int64_t now_us) {
  // What is cheap to refuse comes first: a past table takes a fold of all deals.
  RETURN_IF_ERROR(CheckEnums(request));
  ASSIGN_OR_RETURN(const Period period, ResolvePeriod(views, request));
  ASSIGN_OR_RETURN(const PipelineAt pipeline,
                   FindPipeline(views, request.pipeline(), Horizon::Of(when)));
  ASSIGN_OR_RETURN(const TenantView* tenant, FindTenant(views));
  ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(request.filter(), *tenant));
  ASSIGN_OR_RETURN(DealsSnapshot snapshot, DealsSnapshot::Make(views, when, now_us));
  RETURN_IF_ERROR(snapshot.Detach());
  ASSIGN_OR_RETURN(Grouper grouper, Grouper::Make(request, snapshot, pipeline));
  DealMarks marks = ExistingDeals(snapshot, pipeline.pipeline_id);
  filter.Narrow(snapshot, marks);

  KpiQuery query{.request = request,
                 .snapshot = snapshot,
                 .pipeline = pipeline,
                 .marks = marks,
                 .grouper = std::move(grouper),
                 .from_us = period.from_us,
                 .to_us = period.to_us};
  v1::QueryKpiResponse reply;
  reply.set_kpi(request.kpi());
  RETURN_IF_ERROR(Answer(query, reply));
  SetPolicies(query, *reply.mutable_policies());
  reply.set_position(static_cast<int64_t>(snapshot.position()));
  SetTimestamp(snapshot.shown_us(), *reply.mutable_as_of());
  reply.set_pipeline_id(pipeline.pipeline_id);
  return reply;
}

}  // namespace dealog::projections
