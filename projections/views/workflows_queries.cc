// Questions about workflows: GetWorkflow, ListWorkflows, ListWorkflowInstances.

#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"
#include "projections/views/workflows_view.h"

namespace dealog::projections {
namespace {

absl::StatusOr<const states::WorkflowState*> Require(const WorkflowsView& view,
                                                     std::string_view workflow) {
  const states::WorkflowState* found = view.FindWorkflow(workflow);
  if (found == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "WORKFLOW_NOT_FOUND",
                       absl::StrCat("expected a workflow's id or display name, found ",
                                    Quoted(workflow), ", which no workflow has"));
  }
  return found;
}

}  // namespace

absl::StatusOr<v1::Workflow> GetWorkflow(const TenantViews& views, std::string_view workflow) {
  ASSIGN_OR_RETURN(const WorkflowsView* view, views.Get<WorkflowsView>(kWorkflowsView));
  ASSIGN_OR_RETURN(const states::WorkflowState* found, Require(*view, workflow));
  return states::ToWorkflow(*found);
}

absl::StatusOr<Page<v1::Workflow>> ListWorkflows(const TenantViews& views,
                                                 const PageRequest& page) {
  ASSIGN_OR_RETURN(const WorkflowsView* view, views.Get<WorkflowsView>(kWorkflowsView));
  ASSIGN_OR_RETURN(auto builder,
                   PageBuilder<const states::WorkflowState*>::Make(page, /*descending=*/false));
  for (const auto& [id, workflow] : view->workflows()) {
    builder.Offer({.text = workflow.display_name.value, .id = id}, &workflow);
  }
  return builder.Finish(
      [](const states::WorkflowState* workflow) { return states::ToWorkflow(*workflow); });
}

absl::StatusOr<Page<v1::WorkflowInstance>> ListWorkflowInstances(const TenantViews& views,
                                                                 std::string_view workflow,
                                                                 std::string_view deal_id,
                                                                 const PageRequest& page) {
  ASSIGN_OR_RETURN(const WorkflowsView* view, views.Get<WorkflowsView>(kWorkflowsView));
  std::string workflow_id;
  if (!workflow.empty()) {
    ASSIGN_OR_RETURN(const states::WorkflowState* found, Require(*view, workflow));
    workflow_id = found->workflow_id;
  }
  ASSIGN_OR_RETURN(auto builder, PageBuilder<const states::WorkflowInstanceState*>::Make(
                                     page, /*descending=*/true));
  for (const auto& [id, instance] : view->instances()) {
    if (!workflow_id.empty() && instance.workflow_id != workflow_id) continue;
    if (!deal_id.empty() && instance.deal_id != deal_id) continue;
    builder.Offer({.number = instance.started_at_us, .id = id}, &instance);
  }
  return builder.Finish([](const states::WorkflowInstanceState* instance) {
    return states::ToWorkflowInstance(*instance);
  });
}

}  // namespace dealog::projections
