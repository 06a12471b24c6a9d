#include "services/workflow/actions/registry.h"

namespace dealog::workflow {

// Each in the file of its name.
extern const ActionType kCreateActivity;
extern const ActionType kMoveDeal;
extern const ActionType kSetField;
extern const ActionType kTag;
extern const ActionType kAddNote;

namespace {
constexpr const ActionType* kActionTypes[] = {
    &kCreateActivity, &kMoveDeal, &kSetField, &kTag, &kAddNote,
};
}  // namespace

std::span<const ActionType* const> ActionTypes() { return kActionTypes; }

const ActionType* FindActionType(const events::v1::WorkflowAction& action) {
  for (const ActionType* type : kActionTypes) {
    if (type->kind == action.action_case()) return type;
  }
  return nullptr;
}

}  // namespace dealog::workflow
