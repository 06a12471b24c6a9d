#pragma once

// Workflows and their instances. Rows: "w" + workflow id -> dealog.v1.Workflow, "i" + instance id
// -> dealog.v1.WorkflowInstance.

#include "dealog/v1/workflows.pb.h"
#include "projections/projection.h"
#include "projections/views/message_table.h"

namespace dealog::projections {

inline constexpr std::string_view kWorkflowsView = "workflows";

// Thread safety: as ViewState.
class WorkflowsView final : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) override;
  void FlushRows(RowSink& sink) override;
  absl::Status LoadRow(std::string_view key, std::string_view value) override;
  size_t RowCount() const override { return workflows_.size() + instances_.size(); }

  const MessageTable<v1::Workflow>& workflows() const { return workflows_; }
  const MessageTable<v1::WorkflowInstance>& instances() const { return instances_; }
  // By id, else by display name; nullptr if there is none.
  const v1::Workflow* FindWorkflow(std::string_view workflow) const;

 private:
  void FoldWorkflow(const FoldedEvent& event);
  void FoldInstance(const FoldedEvent& event);

  MessageTable<v1::Workflow> workflows_{"w"};
  MessageTable<v1::WorkflowInstance> instances_{"i"};
};

ViewDefinition WorkflowsViewDefinition();

}  // namespace dealog::projections
