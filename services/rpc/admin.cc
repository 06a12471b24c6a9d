#include <grpcpp/impl/service_type.h>

#include "dealog/v1/admin.pb.h"
#include "eventstore/base/status.h"
#include "services/rpc/instants.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"
#include "services/rpc/verify_log.h"

namespace dealog::rpc {
namespace {

using projections::ProjectionStatus;

v1::Projection::State ToState(ProjectionStatus::State state) {
  switch (state) {
    case ProjectionStatus::State::kLive:
      return v1::Projection::LIVE;
    case ProjectionStatus::State::kCatchingUp:
      return v1::Projection::CATCHING_UP;
    case ProjectionStatus::State::kFailed:
      return v1::Projection::FAILED;
  }
  return v1::Projection::STATE_UNSPECIFIED;
}

v1::Projection ToProjection(const ProjectionStatus& status) {
  v1::Projection projection;
  projection.set_name(status.name);
  projection.set_version(status.version);
  projection.set_state(ToState(status.state));
  projection.set_batch_number(static_cast<int64_t>(status.number.value));
  projection.set_events_folded(static_cast<int64_t>(status.events_folded));
  projection.set_lag_events(static_cast<int64_t>(status.lag_events));
  projection.set_lag_seconds(status.lag_seconds);
  projection.set_error(status.error);
  projection.set_row_count(static_cast<int64_t>(status.row_count));
  projection.set_failed_tenant_count(static_cast<int64_t>(status.failed_tenants));
  return projection;
}

absl::StatusOr<v1::ListProjectionsResponse> ListProjections(const ReadCall& call,
                                                            const v1::ListProjectionsRequest&) {
  v1::ListProjectionsResponse response;
  for (const ProjectionStatus& status : call.core.runner.Statuses()) {
    *response.add_projections() = ToProjection(status);
  }
  return response;
}

absl::StatusOr<v1::RebuildProjectionResponse> RebuildProjection(
    const ReadCall& call, const v1::RebuildProjectionRequest& request) {
  RETURN_IF_ERROR(call.core.runner.Rebuild(request.name(), {request.tenant()}));
  v1::RebuildProjectionResponse response;
  for (const ProjectionStatus& status : call.core.runner.Statuses()) {
    if (request.name().empty() || request.name() == status.name) {
      *response.add_projections() = ToProjection(status);
    }
  }
  return response;
}

absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo(const ReadCall& call,
                                                        const v1::GetServerInfoRequest&) {
  v1::GetServerInfoResponse response;
  response.set_version(call.core.version);
  *response.mutable_start_time() = ToTimestamp(call.core.started_at_us);
  response.set_batch_number(
      static_cast<int64_t>(call.core.log.BatchHead(eventstore::PartitionId{0}).number.value));
  response.set_tenant_count(static_cast<int64_t>(call.core.log.Tenants().size()));
  response.set_queue_bytes(static_cast<int64_t>(call.core.sequencers.stats().queue_bytes));
  const jobs::ScrubStatus scrub = call.core.scrub.status();
  if (scrub.last != nullptr) {
    *response.mutable_last_full_scrub_time() = ToTimestamp(scrub.last->ended_at_us);
    response.set_scrub_problem_count(static_cast<int64_t>(scrub.last->report.problem_count));
  }
  return response;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(const Core& core) {
  ServiceBuilder service(core, *v1::Projection::descriptor()->file(), "AdminService");
  AddRead(service, ListProjections, Weight::kMedium);
  AddRead(service, RebuildProjection, Weight::kMedium);
  AddRead(service, GetServerInfo, Weight::kLight);
  AddVerifyLogMethod(service);
  return service.Build();
}

}  // namespace dealog::rpc
