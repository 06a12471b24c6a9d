// move_deal: moves the deal to a stage of its pipeline; wins, loses or reopens it where the stage's
// kind says so.

#include "eventstore/base/error.h"
#include "services/domain/deal.h"
#include "services/workflow/actions/action.h"

namespace dealog::workflow {
namespace {

absl::Status Check(const events::v1::WorkflowAction& action) {
  if (!action.move_deal().to_stage().empty()) return absl::OkStatus();
  return base::InvalidField("move_deal.to_stage", "expected a stage's id or label, found none");
}

absl::Status Run(const events::v1::WorkflowAction& action, ActionContext& context) {
  v1::MoveDealRequest request;
  request.set_deal_id(context.deal_id());
  request.set_to_stage(action.move_deal().to_stage());
  request.set_reason(action.move_deal().reason());
  return context.Issue(request);
}

}  // namespace

extern const ActionType kMoveDeal{"move_deal", events::v1::WorkflowAction::kMoveDeal, Check, Run};

}  // namespace dealog::workflow
