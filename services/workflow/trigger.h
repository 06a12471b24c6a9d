#pragma once

// Whether an event starts an instance of a workflow. A pure function of the log.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "services/commands/state_loader.h"
#include "services/workflow/live_workflows.h"

namespace dealog::workflow {

enum class TriggerOutcome {
  kStarts,
  kSuppressed,     // The event asks workflows not to react.
  kTooOld,         // It was back-dated by more than the workflow takes.
  kTooDeep,        // kCausationDepthMax automated steps led to it.
  kOwnDescendant,  // The workflow itself led to it, directly or through others.
  kConditionNotMet,
};

// Judges an event about a deal whose type the workflow is triggered by.
absl::StatusOr<TriggerOutcome> JudgeTrigger(const eventstore::EventLog& log,
                                            const eventstore::TenantId& tenant,
                                            const LiveWorkflow& workflow,
                                            const std::string& deal_id,
                                            const commands::ParsedEvent& parsed);

}  // namespace dealog::workflow
