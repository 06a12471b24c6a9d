#pragma once

// Workflow definitions (streams of type workflow) and their runs (workflow_instance).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dealog/events/v1/workflow.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "projections/states/aggregate.h"
#include "projections/states/dated.h"

namespace dealog::states {

class WorkflowState final : public StateOf<WorkflowState> {
 public:
  explicit WorkflowState(std::string_view stream_id) : workflow_id(stream_id) {}
  size_t ApproximateBytes() const override;
  // The definition of a published revision; nullptr if there is none.
  const events::v1::WorkflowDefinition* Definition(uint64_t workflow_revision) const;

  std::string workflow_id;
  Recorded<std::string> display_name;  // Of the newest draft or definition; unique.
  v1::Workflow::State state = v1::Workflow::STATE_UNSPECIFIED;
  uint64_t published_revision = 0;                                 // 0 = never published.
  std::map<uint64_t, events::v1::WorkflowDefinition> definitions;  // By published revision.
  std::optional<events::v1::WorkflowDefinition> draft;  // Not published since it was saved.
  int64_t created_at_us = 0;

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

bool SameDefinition(const events::v1::WorkflowDefinition& a,
                    const events::v1::WorkflowDefinition& b);

// A run for one trigger event.
class WorkflowInstanceState final : public StateOf<WorkflowInstanceState> {
 public:
  struct Step {
    std::string step_id;
    std::string outcome;  // COMPLETED, NO_EFFECT or FAILED.
    std::string reason;   // Of a failure.
    std::string message;  // Of a failure.
    uint64_t position = 0;
    int64_t recorded_at_us = 0;
  };
  explicit WorkflowInstanceState(std::string_view stream_id) : instance_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string instance_id;
  std::string workflow_id;
  uint64_t workflow_revision = 0;
  std::string deal_id;
  uint64_t trigger_position = 0;
  std::vector<Step> steps;  // Done so far, in order: the next action is actions(steps.size()).
  std::string outcome;      // COMPLETED or FAILED; empty while it runs.
  int64_t started_at_us = 0;

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
