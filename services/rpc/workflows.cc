#include <grpcpp/impl/service_type.h>

#include "dealog/v1/workflows.pb.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/domain/workflow.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"
#include "services/workflow/definition.h"

namespace dealog::rpc {
namespace {

using projections::PageRequest;
using projections::TenantViews;

// The domain does not know the filter language, so the condition is compiled here, before the
// command is submitted.
absl::Status CheckDraft(const Core& core, const v1::CreateWorkflowDraftRequest& request,
                        commands::CommandContext& context) {
  const auto registered = core.sequencers.States(context.tenant);
  return workflow::CheckDefinition(request.definition(), registered.get());
}

absl::StatusOr<v1::ListWorkflowsResponse> ListWorkflows(const ReadCall& call,
                                                        const TenantViews& views,
                                                        const v1::ListWorkflowsRequest& request) {
  return AnswerPage<v1::ListWorkflowsResponse>(
      call, request,
      [&](const PageRequest& page) { return projections::ListWorkflows(views, page); },
      [](auto& response) { return response.mutable_workflows(); });
}

absl::StatusOr<v1::ListWorkflowInstancesResponse> ListWorkflowInstances(
    const ReadCall& call, const TenantViews& views,
    const v1::ListWorkflowInstancesRequest& request) {
  return AnswerPage<v1::ListWorkflowInstancesResponse>(
      call, request,
      [&](const PageRequest& page) {
        return projections::ListWorkflowInstances(views, request.workflow(), request.deal_id(),
                                                  page);
      },
      [](auto& response) { return response.mutable_instances(); });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeWorkflowService(const Core& core) {
  ServiceBuilder service(core, *v1::Workflow::descriptor()->file(), "WorkflowService");
  AddMutation<v1::CreateWorkflowDraftRequest, v1::WorkflowMutationResponse>(service, CheckDraft);
  AddMutation<v1::PublishWorkflowRequest, v1::WorkflowMutationResponse>(service);
  AddMutation<v1::StopWorkflowRequest, v1::WorkflowMutationResponse>(service);
  AddQuery(service, ListWorkflows, projections::kWorkflowReads);
  AddQuery(service, ListWorkflowInstances, projections::kWorkflowReads);
  return service.Build();
}

}  // namespace dealog::rpc
