#include <grpcpp/impl/service_type.h>

#include "dealog/v1/activities.pb.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/domain/activity.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using projections::PageRequest;
using projections::TenantViews;

absl::StatusOr<v1::GetActivityResponse> GetActivity(const ReadCall&, const TenantViews& views,
                                                    const v1::GetActivityRequest& request) {
  v1::GetActivityResponse response;
  ASSIGN_OR_RETURN(*response.mutable_activity(),
                   projections::GetActivity(views, request.activity_id()));
  response.set_position(static_cast<int64_t>(views.position().value));
  return response;
}

absl::StatusOr<v1::ListActivitiesResponse> ListActivities(
    const ReadCall& call, const TenantViews& views, const v1::ListActivitiesRequest& request) {
  return AnswerPage<v1::ListActivitiesResponse>(
      call, request,
      [&](const PageRequest& page) {
        return projections::ListActivities(views, {.filter = request.filter(), .page = page});
      },
      [](auto& response) { return response.mutable_activities(); });
}

absl::StatusOr<v1::ListNotesResponse> ListNotes(const ReadCall& call, const TenantViews& views,
                                                const v1::ListNotesRequest& request) {
  return AnswerPage<v1::ListNotesResponse>(
      call, request,
      [&](const PageRequest& page) {
        return projections::ListNotes(views, request.deal_id(), request.contact_id(), page);
      },
      [](auto& response) { return response.mutable_notes(); });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeActivityService(const Core& core) {
  ServiceBuilder service(core, *v1::Activity::descriptor()->file(), "ActivityService");
  AddMutation<v1::ScheduleActivityRequest, v1::ActivityMutationResponse>(service);
  AddMutation<v1::CompleteActivityRequest, v1::ActivityMutationResponse>(service);
  AddMutation<v1::CancelActivityRequest, v1::ActivityMutationResponse>(service);
  AddMutation<v1::WriteNoteRequest, v1::WriteNoteResponse>(service);
  AddQuery(service, GetActivity, projections::kActivityReads, Weight::kLight);
  AddQuery(service, ListActivities, projections::kActivityReads);
  AddQuery(service, ListNotes, projections::kActivityReads);
  return service.Build();
}

}  // namespace dealog::rpc
