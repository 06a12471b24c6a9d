#include <grpcpp/impl/service_type.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dealog/v1/kpi.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/limits.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"
#include "services/rpc/within.h"

namespace dealog::rpc {
namespace {

using projections::TenantViews;

absl::StatusOr<v1::QueryKpiResponse> QueryKpi(const ReadCall& call, const TenantViews& views,
                                              const v1::QueryKpiRequest& request) {
  ASSIGN_OR_RETURN(const projections::AsKnown when, ResolveAsKnown(call, views, request));
  return projections::QueryKpi(views, request, when, call.now_us);
}

// All answers come from one read, so they are at one position and one instant. It is as fresh as
// the head, whatever the queries' own consistency says.
absl::StatusOr<v1::BatchQueryKpisResponse> BatchQueryKpis(
    const ReadCall& call, const TenantViews& views, const v1::BatchQueryKpisRequest& request) {
  if (request.queries_size() == 0 || request.queries_size() > kBatchQueriesMax) {
    return base::InvalidField("queries", absl::StrCat("expected 1 to ", kBatchQueriesMax,
                                                      " queries, found ", request.queries_size()));
  }
  v1::BatchQueryKpisResponse response;
  for (int i = 0; i < request.queries_size(); ++i) {
    absl::StatusOr<v1::QueryKpiResponse> answer = QueryKpi(call, views, request.queries(i));
    if (!answer.ok()) return Within(absl::StrCat("queries[", i, "]"), answer.status());
    *response.add_answers() = *std::move(answer);
  }
  return response;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeKpiService(const Core& core) {
  ServiceBuilder service(core, *v1::KpiResult::descriptor()->file(), "KpiService");
  AddQuery(service, QueryKpi, projections::kDealReads, Weight::kHeavy);
  AddQuery(service, BatchQueryKpis, projections::kDealReads, Weight::kHeavy);
  return service.Build();
}

}  // namespace dealog::rpc
