#pragma once

// Every action that a workflow may name.

#include <span>

#include "services/workflow/actions/action.h"

namespace dealog::workflow {

// In the order of WorkflowAction's fields. Thread safety: yes.
std::span<const ActionType* const> ActionTypes();

// The type of an action; nullptr where none is set, or one that this build does not know.
const ActionType* FindActionType(const events::v1::WorkflowAction& action);

}  // namespace dealog::workflow
