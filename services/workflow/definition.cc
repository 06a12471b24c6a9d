#include "services/workflow/definition.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/filter/filter.h"
#include "services/domain/workflow.h"
#include "services/workflow/actions/registry.h"
#include "services/workflow/condition.h"

namespace dealog::workflow {
namespace {

struct Fault {
  std::string field;
  std::string description;
};

void CheckTrigger(const events::v1::WorkflowTrigger& trigger, std::vector<Fault>& faults) {
  const absl::Status condition =
      filter::Filter::Compile(trigger.condition(), ConditionSchema(), {}).status();
  if (!condition.ok()) {
    faults.push_back({"definition.trigger.condition", std::string(condition.message())});
  }
}

void CheckActions(const events::v1::WorkflowDefinition& definition, std::vector<Fault>& faults) {
  for (int i = 0; i < definition.actions_size(); ++i) {
    const events::v1::WorkflowAction& action = definition.actions(i);
    const std::string field = absl::StrCat("definition.actions[", i, "]");
    const ActionType* type = FindActionType(action);
    if (type == nullptr) {
      std::string known;
      for (const ActionType* each : ActionTypes()) {
        absl::StrAppend(&known, known.empty() ? "" : ", ", base::View(each->name));
      }
      faults.push_back({field, absl::StrCat("expected one of ", known, "; found none of them")});
    } else if (const absl::Status status = type->check(action); !status.ok()) {
      faults.push_back({field, std::string(status.message())});
    }
  }
}

}  // namespace

absl::Status CheckDefinition(const events::v1::WorkflowDefinition& definition,
                             domain::StateReader* registered) {
  RETURN_IF_ERROR(domain::CheckPublishable(definition, registered));
  std::vector<Fault> faults;
  CheckTrigger(definition.trigger(), faults);
  CheckActions(definition, faults);
  if (faults.empty()) return absl::OkStatus();
  base::Error error(
      absl::StatusCode::kInvalidArgument, "WORKFLOW_INVALID",
      absl::StrCat("the workflow can't run: ", faults[0].field, ": ", faults[0].description));
  for (const Fault& fault : faults) std::move(error).Field(fault.field, fault.description);
  return error;
}

}  // namespace dealog::workflow
