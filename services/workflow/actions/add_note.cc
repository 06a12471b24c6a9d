// add_note: writes a note on the deal.

#include "eventstore/base/error.h"
#include "services/domain/activity.h"
#include "services/workflow/actions/action.h"

namespace dealog::workflow {
namespace {

absl::Status Check(const events::v1::WorkflowAction& action) {
  if (!action.add_note().body().empty()) return absl::OkStatus();
  return base::InvalidField("add_note.body", "expected a text, found none");
}

absl::Status Run(const events::v1::WorkflowAction& action, ActionContext& context) {
  v1::WriteNoteRequest request;
  request.set_deal_id(context.deal_id());
  request.set_body(action.add_note().body());
  return context.Issue(request);
}

}  // namespace

extern const ActionType kAddNote{"add_note", events::v1::WorkflowAction::kAddNote, Check, Run};

}  // namespace dealog::workflow
