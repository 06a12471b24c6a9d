#pragma once

// Workflows and their instances. Rows: as every StreamView.

#include <string_view>

#include "projections/states/stream_types.h"
#include "projections/states/workflow.h"
#include "projections/views/reads.h"
#include "projections/views/state_view.h"

namespace dealog::projections {

// Thread safety: as ViewState.
class WorkflowsView final
    : public Copied<WorkflowsView,
                    StateView<states::WorkflowState, states::WorkflowInstanceState>> {
 public:
  WorkflowsView() : Copied({states::kWorkflowStream, states::kWorkflowInstanceStream}) {}

  const RecordMap<states::WorkflowState>& workflows() const {
    return table<states::WorkflowState>();
  }
  const RecordMap<states::WorkflowInstanceState>& instances() const {
    return table<states::WorkflowInstanceState>();
  }
  // By id, else by display name; nullptr if there is none.
  const states::WorkflowState* FindWorkflow(std::string_view workflow) const;
};

ViewDefinition WorkflowsViewDefinition();

}  // namespace dealog::projections
