#include <grpcpp/impl/service_type.h>

#include "dealog/v1/pipelines.pb.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/domain/pipeline.h"
#include "services/domain/pipeline_templates.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using projections::TenantViews;

absl::StatusOr<v1::GetPipelineResponse> GetPipeline(const ReadCall& call, const TenantViews& views,
                                                    const v1::GetPipelineRequest& request) {
  ASSIGN_OR_RETURN(const projections::AsKnown when, ResolveAsKnown(call, views, request));
  v1::GetPipelineResponse response;
  ASSIGN_OR_RETURN(*response.mutable_pipeline(),
                   projections::GetPipeline(views, request.pipeline(), when));
  response.set_position(static_cast<int64_t>(views.position().value));
  return response;
}

absl::StatusOr<v1::ListPipelinesResponse> ListPipelines(const ReadCall& call,
                                                        const TenantViews& views,
                                                        const v1::ListPipelinesRequest& request) {
  return AnswerPage<v1::ListPipelinesResponse>(
      call, request,
      [&](const projections::PageRequest& page) { return projections::ListPipelines(views, page); },
      [](auto& response) { return response.mutable_pipelines(); });
}

absl::StatusOr<v1::ListPipelineTemplatesResponse> ListPipelineTemplates(
    const ReadCall&, const v1::ListPipelineTemplatesRequest&) {
  v1::ListPipelineTemplatesResponse response;
  for (const domain::PipelineTemplate& shipped : domain::PipelineTemplates()) {
    *response.add_templates() = shipped.description;
  }
  return response;
}

}  // namespace

std::unique_ptr<grpc::Service> MakePipelineService(const Core& core) {
  ServiceBuilder service(core, *v1::Pipeline::descriptor()->file(), "PipelineService");
  AddMutation<v1::CreatePipelineRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::RenamePipelineRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::ArchivePipelineRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::SetDefaultPipelineRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::AddStageRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::RenameStageRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::ReorderStagesRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::UpdateStageRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::RetireStageRequest, v1::PipelineMutationResponse>(service);
  AddMutation<v1::SetTransitionRulesRequest, v1::PipelineMutationResponse>(service);
  AddQuery(service, GetPipeline, projections::kPipelineReads, Weight::kLight);
  AddQuery(service, ListPipelines, projections::kPipelineReads);
  AddRead(service, ListPipelineTemplates, Weight::kLight);
  return service.Build();
}

}  // namespace dealog::rpc
