#pragma once

// Workflow definitions as files, in YAML or JSON (which is YAML).

#include <string>

#include "absl/status/statusor.h"
#include "dealog/events/v1/workflow.pb.h"

namespace dealog::cli {

// Reads a WorkflowDefinition. Field names in camelCase or snake_case; an unknown field, a wrong
// type or a syntax error is INVALID_ARGUMENT / WORKFLOW_INVALID with the line and what was
// expected.
absl::StatusOr<events::v1::WorkflowDefinition> ParseWorkflow(const std::string& text);

}  // namespace dealog::cli
