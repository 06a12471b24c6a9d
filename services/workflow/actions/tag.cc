// tag: adds tags to the deal and removes others; tags that it has, or has not, change nothing.

#include "eventstore/base/error.h"
#include "services/domain/deal.h"
#include "services/workflow/actions/action.h"

namespace dealog::workflow {
namespace {

absl::Status Check(const events::v1::WorkflowAction& action) {
  if (action.tag().add_size() + action.tag().remove_size() > 0) return absl::OkStatus();
  return base::InvalidField("tag", "expected a tag to add or to remove, found none");
}

absl::Status Run(const events::v1::WorkflowAction& action, ActionContext& context) {
  if (action.tag().add_size() > 0) {
    v1::TagDealRequest request;
    request.set_deal_id(context.deal_id());
    *request.mutable_tags() = action.tag().add();
    RETURN_IF_ERROR(context.Issue(request));
  }
  if (action.tag().remove_size() > 0) {
    v1::UntagDealRequest request;
    request.set_deal_id(context.deal_id());
    *request.mutable_tags() = action.tag().remove();
    RETURN_IF_ERROR(context.Issue(request));
  }
  return absl::OkStatus();
}

}  // namespace

extern const ActionType kTag{"tag", events::v1::WorkflowAction::kTag, Check, Run};

}  // namespace dealog::workflow
