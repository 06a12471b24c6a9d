#include "projections/views/workflows_view.h"

#include <memory>
#include <string>

#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

using events::v1::WorkflowEvent;
using events::v1::WorkflowInstanceEvent;

// The draft is shown only where it differs from what is published.
void ApplyDrafted(const events::v1::WorkflowDefinition& draft, v1::Workflow& workflow) {
  workflow.set_display_name(draft.display_name());
  if (workflow.state() == v1::Workflow::STATE_UNSPECIFIED) workflow.set_state(v1::Workflow::DRAFT);
  if (draft.SerializeAsString() == workflow.definition().SerializeAsString()) {
    workflow.clear_draft();
  } else {
    *workflow.mutable_draft() = draft;
  }
}

void ApplyPublished(const events::v1::WorkflowPublished& published, v1::Workflow& workflow) {
  workflow.set_state(v1::Workflow::ACTIVE);
  workflow.set_display_name(published.definition().display_name());
  workflow.set_published_revision(static_cast<int64_t>(published.workflow_revision()));
  *workflow.mutable_definition() = published.definition();
  workflow.clear_draft();
}

v1::WorkflowStep& AddStep(const FoldedEvent& event, const std::string& step_id, const char* outcome,
                          v1::WorkflowInstance& instance) {
  v1::WorkflowStep& step = *instance.add_steps();
  step.set_step_id(step_id);
  step.set_outcome(outcome);
  step.set_position(static_cast<int64_t>(event.header.position()));
  SetTimestamp(event.header.recorded_at_us(), *step.mutable_recorded_at());
  return step;
}

}  // namespace

absl::Status WorkflowsView::Fold(const FoldedEvent& event) {
  if (event.event.has_workflow()) FoldWorkflow(event);
  if (event.event.has_workflow_instance()) FoldInstance(event);
  return absl::OkStatus();
}

void WorkflowsView::FoldWorkflow(const FoldedEvent& event) {
  const std::string& id = event.header.stream().id();
  v1::Workflow& workflow = workflows_.Edit(id);
  workflow.set_workflow_id(id);
  workflow.set_etag(absl::StrCat(event.header.revision()));
  const WorkflowEvent& change = event.event.workflow();
  switch (change.kind_case()) {
    case WorkflowEvent::kWorkflowDrafted:
      ApplyDrafted(change.workflow_drafted().definition(), workflow);
      break;
    case WorkflowEvent::kWorkflowPublished:
      ApplyPublished(change.workflow_published(), workflow);
      break;
    case WorkflowEvent::kWorkflowStopped:
      workflow.set_state(v1::Workflow::STOPPED);
      break;
    case WorkflowEvent::KIND_NOT_SET:
      break;
  }
}

void WorkflowsView::FoldInstance(const FoldedEvent& event) {
  const std::string& id = event.header.stream().id();
  v1::WorkflowInstance& instance = instances_.Edit(id);
  const WorkflowInstanceEvent& change = event.event.workflow_instance();
  switch (change.kind_case()) {
    case WorkflowInstanceEvent::kInstanceStarted: {
      const events::v1::InstanceStarted& started = change.instance_started();
      instance.set_instance_id(id);
      instance.set_workflow_id(started.workflow_id());
      instance.set_workflow_revision(static_cast<int64_t>(started.workflow_revision()));
      instance.set_deal_id(started.deal_id());
      instance.set_trigger_position(static_cast<int64_t>(started.trigger_position()));
      instance.set_state("RUNNING");
      SetTimestamp(event.header.recorded_at_us(), *instance.mutable_start_time());
      break;
    }
    case WorkflowInstanceEvent::kStepCompleted: {
      const events::v1::StepCompleted& completed = change.step_completed();
      AddStep(event, completed.step_id(), completed.no_effect() ? "NO_EFFECT" : "COMPLETED",
              instance);
      break;
    }
    case WorkflowInstanceEvent::kStepFailed: {
      const events::v1::StepFailed& failed = change.step_failed();
      v1::WorkflowStep& step = AddStep(event, failed.step_id(), "FAILED", instance);
      step.set_reason(failed.reason());
      step.set_message(failed.message());
      break;
    }
    case WorkflowInstanceEvent::kInstanceEnded:
      instance.set_state(change.instance_ended().outcome());
      break;
    case WorkflowInstanceEvent::KIND_NOT_SET:
      break;
  }
}

void WorkflowsView::FlushRows(RowSink& sink) {
  workflows_.FlushRows(sink);
  instances_.FlushRows(sink);
}

absl::Status WorkflowsView::LoadRow(std::string_view key, std::string_view value) {
  if (workflows_.Owns(key)) return workflows_.LoadRow(key, value).status();
  return instances_.LoadRow(key, value).status();
}

const v1::Workflow* WorkflowsView::FindWorkflow(std::string_view workflow) const {
  if (const v1::Workflow* found = workflows_.Find(workflow); found != nullptr) return found;
  for (const auto& [id, candidate] : workflows_.messages()) {
    if (candidate.display_name() == workflow) return &candidate;
  }
  return nullptr;
}

ViewDefinition WorkflowsViewDefinition() {
  return {.name = kWorkflowsView, .version = 1, .make_state = [] {
            return std::make_unique<WorkflowsView>();
          }};
}

}  // namespace dealog::projections
