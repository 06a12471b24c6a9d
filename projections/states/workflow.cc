#include "projections/states/workflow.h"

namespace dealog::states {

using events::v1::WorkflowDefinition;
using events::v1::WorkflowEvent;
using events::v1::WorkflowInstanceEvent;

bool SameDefinition(const WorkflowDefinition& a, const WorkflowDefinition& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

size_t WorkflowState::ApproximateBytes() const {
  size_t bytes = sizeof(*this) + display_name.value.size();
  for (const auto& [number, definition] : definitions) bytes += definition.SpaceUsedLong();
  if (draft) bytes += draft->SpaceUsedLong();
  return bytes;
}

const WorkflowDefinition* WorkflowState::Definition(uint64_t workflow_revision) const {
  const auto it = definitions.find(workflow_revision);
  return it == definitions.end() ? nullptr : &it->second;
}

void WorkflowState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  switch (event.workflow().kind_case()) {
    case WorkflowEvent::kWorkflowDrafted:
      if (state == v1::Workflow::STATE_UNSPECIFIED) {
        state = v1::Workflow::DRAFT;
        created_at_us = meta.occurred_at_us;
      }
      draft = event.workflow().workflow_drafted().definition();
      display_name.Set(draft->display_name());
      return;
    case WorkflowEvent::kWorkflowPublished: {
      const auto& published = event.workflow().workflow_published();
      state = v1::Workflow::ACTIVE;
      published_revision = published.workflow_revision();
      definitions[published_revision] = published.definition();
      draft.reset();
      return;
    }
    case WorkflowEvent::kWorkflowStopped:
      state = v1::Workflow::STOPPED;
      return;
    case WorkflowEvent::KIND_NOT_SET:
      return;
  }
}

size_t WorkflowInstanceState::ApproximateBytes() const {
  size_t bytes = sizeof(*this) + deal_id.size();
  for (const Step& step : steps) bytes += sizeof(step) + step.message.size();
  return bytes;
}

void WorkflowInstanceState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const WorkflowInstanceEvent& change = event.workflow_instance();
  switch (change.kind_case()) {
    case WorkflowInstanceEvent::kInstanceStarted:
      workflow_id = change.instance_started().workflow_id();
      workflow_revision = change.instance_started().workflow_revision();
      deal_id = change.instance_started().deal_id();
      trigger_position = change.instance_started().trigger_position();
      started_at_us = meta.recorded_at_us;
      return;
    case WorkflowInstanceEvent::kStepCompleted:
      steps.push_back({change.step_completed().step_id(),
                       change.step_completed().no_effect() ? "NO_EFFECT" : "COMPLETED", "", "",
                       meta.position, meta.recorded_at_us});
      return;
    case WorkflowInstanceEvent::kStepFailed:
      steps.push_back({change.step_failed().step_id(), "FAILED", change.step_failed().reason(),
                       change.step_failed().message(), meta.position, meta.recorded_at_us});
      return;
    case WorkflowInstanceEvent::kInstanceEnded:
      outcome = change.instance_ended().outcome();
      return;
    case WorkflowInstanceEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace dealog::states
