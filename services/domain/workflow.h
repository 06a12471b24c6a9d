#pragma once

// Workflow definitions (streams of type workflow) and their runs (workflow_instance). Display names
// are unique per tenant (key workflow.name). Instances are decided in services/workflow.

#include <string>
#include <string_view>

#include "dealog/events/v1/workflow.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "projections/states/deal_fields.h"
#include "projections/states/workflow.h"
#include "services/domain/decider.h"

namespace dealog::domain {

// Id of action number `index` (from 0): its own, or its number from 1.
std::string StepId(const events::v1::WorkflowDefinition& definition, int index);

// The field of a deal that set_field calls `name`; FIELD_INVALID at `where`, naming those it can
// set.
absl::StatusOr<const DealFieldRow*> FindSettable(const std::string& where, std::string_view name);

// WORKFLOW_INVALID, naming each fault, unless the definition can be published. The condition's
// syntax is not looked at: services/rpc compiles it before it submits a draft. `registered` tells
// which event types other services have; null: none.
absl::Status CheckPublishable(const events::v1::WorkflowDefinition& definition,
                              StateReader* registered = nullptr);

absl::StatusOr<Decision> Decide(const v1::CreateWorkflowDraftRequest& request,
                                const CommandMeta& meta, StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::PublishWorkflowRequest& request, const CommandMeta& meta,
                                StateReader& reader);
absl::StatusOr<Decision> Decide(const v1::StopWorkflowRequest& request, const CommandMeta& meta,
                                StateReader& reader);

}  // namespace dealog::domain
