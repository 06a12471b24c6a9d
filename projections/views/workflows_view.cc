#include "projections/views/workflows_view.h"

#include <memory>

namespace dealog::projections {

const states::WorkflowState* WorkflowsView::FindWorkflow(std::string_view workflow) const {
  if (const states::WorkflowState* found = workflows().Find(workflow)) return found;
  for (const auto& [id, candidate] : workflows()) {
    if (candidate.display_name.value == workflow) return &candidate;
  }
  return nullptr;
}

ViewDefinition WorkflowsViewDefinition() {
  return {.name = kWorkflowsView, .version = 2, .make_state = [] {
            return std::make_unique<WorkflowsView>();
          }};
}

}  // namespace dealog::projections
