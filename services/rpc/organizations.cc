#include "services/domain/organization.h"

#include <grpcpp/impl/service_type.h>

#include "dealog/v1/organizations.pb.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using projections::TenantViews;

absl::StatusOr<v1::GetOrganizationResponse> GetOrganization(
    const ReadCall&, const TenantViews& views, const v1::GetOrganizationRequest& request) {
  v1::GetOrganizationResponse response;
  ASSIGN_OR_RETURN(*response.mutable_organization(),
                   projections::GetOrganization(views, request.organization_id()));
  response.set_position(static_cast<int64_t>(views.position().value));
  return response;
}

absl::StatusOr<v1::ListOrganizationsResponse> ListOrganizations(
    const ReadCall& call, const TenantViews& views, const v1::ListOrganizationsRequest& request) {
  return AnswerPage<v1::ListOrganizationsResponse>(
      call, request,
      [&](const projections::PageRequest& page) {
        return projections::ListOrganizations(views, {request.filter(), request.order_by(), page});
      },
      [](auto& response) { return response.mutable_organizations(); });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeOrganizationService(const Core& core) {
  ServiceBuilder service(core, *v1::Organization::descriptor()->file(), "OrganizationService");
  AddMutation<v1::CreateOrganizationRequest, v1::OrganizationMutationResponse>(service);
  AddMutation<v1::UpsertOrganizationRequest, v1::OrganizationMutationResponse>(service);
  AddMutation<v1::UpdateOrganizationRequest, v1::OrganizationMutationResponse>(service);
  AddMutation<v1::TagOrganizationRequest, v1::OrganizationMutationResponse>(service);
  AddMutation<v1::UntagOrganizationRequest, v1::OrganizationMutationResponse>(service);
  AddQuery(service, GetOrganization, projections::kOrganizationReads, Weight::kLight);
  AddQuery(service, ListOrganizations, projections::kOrganizationReads);
  return service.Build();
}

}  // namespace dealog::rpc
