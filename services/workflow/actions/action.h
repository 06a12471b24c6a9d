#pragma once

// What an action is. One file per action, one line in registry.cc: docs/howto/add_an_action.md.
//
//   absl::Status Run(const events::v1::WorkflowAction& action, ActionContext& context) {
//     v1::WriteNoteRequest request;
//     request.set_deal_id(context.deal_id());
//     return context.Issue(request);
//   }

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "dealog/events/v1/workflow.pb.h"
#include "eventstore/base/status.h"
#include "services/domain/decider.h"

namespace dealog::workflow {

// What an action sees and does: it reads states, and issues commands that are decided one after
// another, each on top of the one before; what they lead to becomes one commit.
// Thread safety: none. Ownership: `meta` and `states` must outlive it.
class ActionContext {
 public:
  ActionContext(const domain::CommandMeta& meta, domain::StateReader& states, std::string deal_id,
                int64_t trigger_recorded_at_us)
      : meta_(meta),
        staging_(states),
        deal_id_(std::move(deal_id)),
        trigger_recorded_at_us_(trigger_recorded_at_us) {}

  const std::string& deal_id() const { return deal_id_; }
  const std::string& tenant() const { return meta_.tenant; }
  // When the trigger was recorded: the instant that an action's durations count from.
  int64_t trigger_recorded_at_us() const { return trigger_recorded_at_us_; }
  domain::StateReader& states() { return staging_; }

  // Decides a request of the API; a refusal fails the step. The request's header that declares its
  // Decide must be included where this is called.
  template <typename Request>
  absl::Status Issue(const Request& request) {
    ASSIGN_OR_RETURN(domain::Decision decision, Decide(request, meta_, staging_));
    return staging_.Stage(std::move(decision), meta_, total_);
  }

  // What has been decided so far.
  domain::Decision TakeDecision() && { return std::move(total_); }

 private:
  const domain::CommandMeta& meta_;
  domain::Staging staging_;
  domain::Decision total_;
  const std::string deal_id_;
  const int64_t trigger_recorded_at_us_;
};

// One kind of action. `check` judges what can be judged without a deal, for definitions that are
// about to be published; INVALID_ARGUMENT says what was expected and found.
struct ActionType {
  std::string_view name;  // As in the definition, for example "create_activity".
  events::v1::WorkflowAction::ActionCase kind;
  absl::Status (*check)(const events::v1::WorkflowAction& action);
  absl::Status (*run)(const events::v1::WorkflowAction& action, ActionContext& context);
};

}  // namespace dealog::workflow
