// create_activity: plans a task, a call or a meeting on the deal, for the deal's owner.

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/deal.h"
#include "projections/states/stream_types.h"
#include "services/domain/activity.h"
#include "services/workflow/actions/action.h"

namespace dealog::workflow {
namespace {

using google::protobuf::util::TimeUtil;

constexpr int64_t kMicrosPerSecond = 1'000'000;

absl::Status ParseKind(const std::string& text, v1::Activity::Kind& kind) {
  if (v1::Activity::Kind_Parse(text, &kind) && kind != v1::Activity::KIND_UNSPECIFIED) {
    return absl::OkStatus();
  }
  return base::InvalidField("create_activity.kind",
                            absl::StrCat("expected TASK, CALL or MEETING, found \"", text, "\""));
}

absl::Status Check(const events::v1::WorkflowAction& action) {
  v1::Activity::Kind kind;
  return ParseKind(action.create_activity().kind(), kind);
}

absl::Status Run(const events::v1::WorkflowAction& action, ActionContext& context) {
  const events::v1::CreateActivityAction& create = action.create_activity();
  v1::Activity::Kind kind;
  RETURN_IF_ERROR(ParseKind(create.kind(), kind));
  ASSIGN_OR_RETURN(const domain::AggregateState* const state,
                   context.states().Find({domain::kDealStream, context.deal_id()}));
  v1::ScheduleActivityRequest request;
  request.set_kind(kind);
  request.set_title(create.title());
  request.set_deal_id(context.deal_id());
  request.set_owner(static_cast<const domain::DealState*>(state)->owner_id.value);
  if (create.due_in_seconds() > 0) {
    *request.mutable_due_time() = TimeUtil::MicrosecondsToTimestamp(
        context.trigger_recorded_at_us() + create.due_in_seconds() * kMicrosPerSecond);
  }
  return context.Issue(request);
}

}  // namespace

extern const ActionType kCreateActivity{"create_activity",
                                        events::v1::WorkflowAction::kCreateActivity, Check, Run};

}  // namespace dealog::workflow
