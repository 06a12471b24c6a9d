#include "services/workflow/instance.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"
#include "services/domain/workflow.h"
#include "services/workflow/actions/registry.h"
#include "services/workflow/limits.h"

namespace dealog::workflow {
namespace {

using domain::WorkflowInstanceState;
using eventstore::EventLog;

constexpr char kCompleted[] = "COMPLETED";
constexpr char kFailed[] = "FAILED";

domain::StreamRef StreamOf(const Instance& instance) {
  return {domain::kWorkflowInstanceStream, instance.id};
}

// Adds an event of the instance itself.
events::v1::WorkflowInstanceEvent& AddEvent(const Instance& instance, domain::Decision& decision) {
  domain::PendingEvent& pending = decision.events.emplace_back();
  pending.stream = StreamOf(instance);
  return *pending.event.mutable_workflow_instance();
}

void Start(const Instance& instance, domain::Decision& decision) {
  auto& started = *AddEvent(instance, decision).mutable_instance_started();
  started.set_workflow_id(instance.workflow->workflow_id);
  started.set_workflow_revision(instance.workflow->workflow_revision);
  started.set_deal_id(instance.deal_id);
  started.set_trigger_position(instance.trigger_position.value);
}

void Fail(const Instance& instance, domain::Decision& decision) {
  auto& failed = *AddEvent(instance, decision).mutable_step_failed();
  failed.set_step_id(
      domain::StepId(instance.workflow->definition, static_cast<int>(instance.steps_done)));
  const std::string reason = base::ReasonOf(instance.refusal);
  failed.set_reason(reason.empty() ? "INTERNAL" : reason);
  failed.set_message(std::string(instance.refusal.message().substr(0, kFailureMessageBytesMax)));
  AddEvent(instance, decision).mutable_instance_ended()->set_outcome(kFailed);
}

absl::StatusOr<domain::Decision> DoStep(const Instance& instance, const domain::CommandMeta& meta,
                                        domain::StateReader& states) {
  const events::v1::WorkflowDefinition& definition = instance.workflow->definition;
  const int index = static_cast<int>(instance.steps_done);
  const events::v1::WorkflowAction& action = definition.actions(index);
  const ActionType* type = FindActionType(action);
  if (type == nullptr) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "WORKFLOW_INVALID",
                       "the step's action is not known to this server; upgrade it");
  }
  ActionContext context(meta, states, instance.deal_id, instance.trigger_recorded_at_us);
  RETURN_IF_ERROR(type->run(action, context));
  domain::Decision decision = std::move(context).TakeDecision();
  const bool no_effect = decision.events.empty();
  auto& completed = *AddEvent(instance, decision).mutable_step_completed();
  completed.set_step_id(domain::StepId(definition, index));
  completed.set_no_effect(no_effect);
  if (index + 1 == definition.actions_size()) {
    AddEvent(instance, decision).mutable_instance_ended()->set_outcome(kCompleted);
  }
  return decision;
}

absl::StatusOr<domain::Decision> DecideNext(const Instance& instance,
                                            const domain::CommandMeta& meta,
                                            domain::StateReader& states) {
  ASSIGN_OR_RETURN(const domain::AggregateState* const found, states.Find(StreamOf(instance)));
  const auto& state = static_cast<const WorkflowInstanceState&>(*found);
  domain::Decision decision;
  // Done already, by an attempt whose outcome was not known: nothing is done twice.
  const bool as_known = (state.revision > 0) == instance.started &&
                        state.steps.size() == instance.steps_done && state.outcome.empty();
  if (as_known) {
    if (!instance.started) {
      Start(instance, decision);
    } else if (!instance.refusal.ok()) {
      Fail(instance, decision);
    } else {
      ASSIGN_OR_RETURN(decision, DoStep(instance, meta, states));
    }
  }
  decision.subject = StreamOf(instance);
  return decision;
}

void TakeProgress(const domain::AggregateState& found, Instance& instance) {
  const auto& state = static_cast<const WorkflowInstanceState&>(found);
  instance.started = state.revision > 0;
  instance.steps_done = state.steps.size();
  instance.ended =
      !state.outcome.empty() ||
      instance.steps_done >= static_cast<size_t>(instance.workflow->definition.actions_size());
  instance.refusal = absl::OkStatus();
}

std::string StepKey(const Instance& instance) {
  if (!instance.started) return "start";
  return domain::StepId(instance.workflow->definition, static_cast<int>(instance.steps_done));
}

}  // namespace

Instance MakeInstance(LiveWorkflowPtr workflow, const eventstore::TenantId& tenant,
                      const std::string& deal_id, const storage::v1::EventHeader& trigger) {
  Instance instance{.workflow = std::move(workflow),
                    .tenant = tenant,
                    .deal_id = deal_id,
                    .trigger_position = eventstore::Position{trigger.position()},
                    .trigger_recorded_at_us = trigger.recorded_at_us(),
                    .trigger_depth = trigger.causation_depth(),
                    .correlation_id = trigger.correlation_id()};
  const std::string seed = absl::StrCat(tenant.value, "/", instance.workflow->workflow_id, "/",
                                        instance.deal_id, "/", trigger.position());
  instance.id = base::FormatId("wfi", base::DeriveUuid7(trigger.recorded_at_us(), seed));
  if (instance.correlation_id.empty()) {
    // The root cause names the group.
    base::Uuid event_id{};
    std::copy_n(trigger.event_id().begin(), std::min(trigger.event_id().size(), event_id.size()),
                event_id.begin());
    instance.correlation_id = base::FormatId("event", event_id);
  }
  return instance;
}

absl::Status ReadProgress(const EventLog& log, Instance& instance) {
  ASSIGN_OR_RETURN(const auto state,
                   commands::FoldStream(log, instance.tenant, StreamOf(instance)));
  TakeProgress(*state, instance);
  return absl::OkStatus();
}

std::string PrincipalOf(const Instance& instance) {
  const std::string principal =
      absl::StrCat("workflow/", instance.workflow->workflow_id, "/revisions/",
                   instance.workflow->workflow_revision, "/instances/", instance.id);
  if (!instance.started) return principal;
  return absl::StrCat(principal, "/steps/", StepKey(instance));
}

commands::CommandContext NextContext(const Instance& instance) {
  return {.tenant = instance.tenant,
          .origin = {.principal = PrincipalOf(instance),
                     .via = storage::v1::VIA_WORKFLOW,
                     .correlation_id = instance.correlation_id,
                     .causation_position = instance.trigger_position,
                     .causation_depth = instance.trigger_depth + 1},
          .id_seed = base::DeriveUuid7(instance.trigger_recorded_at_us,
                                       absl::StrCat(instance.id, "/", StepKey(instance)))};
}

commands::DecideFunction NextDecision(const Instance& instance) {
  return [&instance](const domain::CommandMeta& meta, domain::StateReader& states) {
    return DecideNext(instance, meta, states);
  };
}

commands::DescribeFunction ObserveProgress(Instance& instance) {
  return [&instance](const domain::AggregateState& state) { TakeProgress(state, instance); };
}

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return base::ReasonOf(status) != "LIMIT_EXCEEDED";
    default:
      return false;
  }
}

}  // namespace dealog::workflow
