#pragma once

// Judges a definition before it is drafted or published.

#include "absl/status/status.h"
#include "dealog/events/v1/workflow.pb.h"
#include "services/domain/decider.h"

namespace dealog::workflow {

// INVALID_ARGUMENT / WORKFLOW_INVALID, naming each field at fault, unless the definition can run:
// its form, a trigger of a deal, a condition that compiles, actions whose fields can be understood.
// What depends on the tenant (does the stage exist?) fails the step when it runs.
// `registered` tells which event types other services have; null: none. Thread safety: yes.
absl::Status CheckDefinition(const events::v1::WorkflowDefinition& definition,
                             domain::StateReader* registered = nullptr);

}  // namespace dealog::workflow
