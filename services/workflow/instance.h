#pragma once

// One run of a workflow for one trigger event: its id, and the command that advances it.
//
//   Instance instance = MakeInstance(workflow, tenant, deal, trigger header);
//   while (!instance.ended) Execute(sequencers, NextContext(instance), NextDecision(instance),
//                                   ObserveProgress(instance));

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "eventstore/event_log.h"
#include "services/commands/submit.h"
#include "services/workflow/live_workflows.h"

namespace dealog::workflow {

struct Instance {
  LiveWorkflowPtr workflow;
  eventstore::TenantId tenant;
  std::string id;  // "wfi_…", a pure function of workflow, deal and trigger position.
  std::string deal_id;
  eventstore::Position trigger_position;
  int64_t trigger_recorded_at_us = 0;
  uint32_t trigger_depth = 0;
  std::string correlation_id;

  // How far the log says it is.
  bool started = false;
  size_t steps_done = 0;
  bool ended = false;
  // Why the next step was refused; the next command then records it.
  absl::Status refusal;
};

Instance MakeInstance(LiveWorkflowPtr workflow, const eventstore::TenantId& tenant,
                      const std::string& deal_id, const storage::v1::EventHeader& trigger);

// Reads the instance's progress from the log.
absl::Status ReadProgress(const eventstore::EventLog& log, Instance& instance);

// "workflow/<w>/revisions/<r>/instances/<i>", and "/steps/<s>" for a step.
std::string PrincipalOf(const Instance& instance);

// The instance's next command: enrol, do the next step, or record that it was refused. What it
// leads to and the step's own event are ONE commit, conditioned on the instance's revision; where
// the log is further than the caller knew, it changes nothing.
commands::CommandContext NextContext(const Instance& instance);
commands::DecideFunction NextDecision(const Instance& instance);
// Takes over the progress that the command found or made. `instance` must live until it is done.
commands::DescribeFunction ObserveProgress(Instance& instance);

// True for failures that say nothing about the step: it is tried again.
bool IsTransient(const absl::Status& status);

}  // namespace dealog::workflow
