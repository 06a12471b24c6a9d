// What makes a workflow's definition fit to publish.

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "projections/states/event_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/stream_type.h"
#include "services/domain/text.h"
#include "services/domain/values.h"
#include "services/domain/workflow.h"

namespace dealog::domain {
namespace {

using events::v1::WorkflowAction;
using events::v1::WorkflowDefinition;

// What is wrong with a definition; empty if nothing is.
using Faults = std::vector<std::string>;

std::vector<std::string> DealEventTypes() {
  std::vector<std::string> names;
  const auto* kinds = events::v1::DealEvent::descriptor()->oneof_decl(0);
  for (int i = 0; i < kinds->field_count(); ++i) {
    names.push_back(kinds->field(i)->message_type()->name());
  }
  return names;
}

void AddFault(Faults& faults, const absl::Status& status) {
  if (!status.ok()) faults.emplace_back(status.message());
}

// Why events of a type can't trigger; empty if they can. Actions are about a deal: the event must
// be a deal's own, or name one.
absl::StatusOr<std::string> WhyNoTrigger(const std::string& type, StateReader* registered) {
  const auto& own = AllEventTypeNames();
  if (std::binary_search(own.begin(), own.end(), type)) return "which is no deal's";
  if (type.empty() || registered == nullptr) return "which does not exist";
  ASSIGN_OR_RETURN(const auto types, StreamTypesOfEvent(type, *registered));
  if (types.empty()) return "which does not exist";
  const bool names_deal = std::any_of(types.begin(), types.end(),
                                      [&](const auto* each) { return NamesDeal(*each, type); });
  if (names_deal) return "";
  return absl::StrCat("whose payload has no text field ", kDealIdField,
                      " to say which deal it is about");
}

absl::Status CheckTrigger(const WorkflowDefinition& definition, StateReader* registered,
                          Faults& faults) {
  const std::string& type = definition.trigger().event_type();
  const std::vector<std::string> known = DealEventTypes();
  if (std::find(known.begin(), known.end(), type) == known.end()) {
    ASSIGN_OR_RETURN(const std::string why, WhyNoTrigger(type, registered));
    if (!why.empty()) {
      faults.push_back(absl::StrCat(
          "trigger.event_type: expected an event of a deal (", absl::StrJoin(known, ", "),
          ") or a registered one that names a deal, found \"", type, "\", ", why));
    }
  }
  const int64_t age = definition.trigger().max_trigger_age_seconds();
  if (age < 0 || age > kWorkflowSecondsMax) {
    faults.push_back(absl::StrCat("trigger.max_trigger_age_seconds: expected 0 to ",
                                  kWorkflowSecondsMax, ", found ", age));
  }
  return absl::OkStatus();
}

void CheckStepId(const WorkflowDefinition& definition, int index, const std::string& where,
                 std::set<std::string>& seen, Faults& faults) {
  const std::string id = StepId(definition, index);
  if (id.size() > kStepIdBytesMax ||
      id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos) {
    faults.push_back(absl::StrCat(where, ".step_id: expected at most ", kStepIdBytesMax,
                                  " of [a-z0-9_-], found \"", id, "\""));
  }
  if (!seen.insert(id).second) {
    faults.push_back(
        absl::StrCat(where, ".step_id: expected ids that differ, found \"", id, "\" again"));
  }
}

void CheckCreateActivity(const events::v1::CreateActivityAction& action, const std::string& where,
                         Faults& faults) {
  if (action.kind() != "TASK" && action.kind() != "CALL" && action.kind() != "MEETING") {
    faults.push_back(absl::StrCat(where,
                                  ".create_activity.kind: expected TASK, CALL or MEETING, "
                                  "found \"",
                                  action.kind(), "\""));
  }
  AddFault(faults, CheckText(where + ".create_activity.title", action.title(),
                             {.required = true, .chars_max = kTitleCharsMax}));
  if (action.due_in_seconds() < 0 || action.due_in_seconds() > kWorkflowSecondsMax) {
    faults.push_back(absl::StrCat(where, ".create_activity.due_in_seconds: expected 0 to ",
                                  kWorkflowSecondsMax, ", found ", action.due_in_seconds()));
  }
}

void CheckTag(const events::v1::TagAction& action, const std::string& where, Faults& faults) {
  if (action.add().empty() && action.remove().empty()) {
    faults.push_back(absl::StrCat(where, ".tag: expected tags to add or remove, found none"));
  }
  AddFault(faults, ToTags(where + ".tag.add", action.add()).status());
  AddFault(faults, ToTags(where + ".tag.remove", action.remove()).status());
}

void CheckSetField(const events::v1::SetFieldAction& action, const std::string& where,
                   Faults& faults) {
  AddFault(faults, FindSettable(where + ".set_field.field", action.field()).status());
  AddFault(faults, CheckText(where + ".set_field.value", action.value(),
                             {.bytes_max = kFieldValueBytesMax}));
}

void CheckAction(const WorkflowAction& action, const std::string& where, Faults& faults) {
  switch (action.action_case()) {
    case WorkflowAction::kCreateActivity:
      return CheckCreateActivity(action.create_activity(), where, faults);
    case WorkflowAction::kMoveDeal:
      AddFault(faults, CheckText(where + ".move_deal.to_stage", action.move_deal().to_stage(),
                                 {.required = true, .chars_max = kDisplayNameCharsMax}));
      AddFault(faults, CheckText(where + ".move_deal.reason", action.move_deal().reason(),
                                 {.chars_max = kReasonCharsMax}));
      return;
    case WorkflowAction::kSetField:
      return CheckSetField(action.set_field(), where, faults);
    case WorkflowAction::kTag:
      return CheckTag(action.tag(), where, faults);
    case WorkflowAction::kAddNote:
      AddFault(faults,
               CheckText(where + ".add_note.body", action.add_note().body(),
                         {.required = true, .bytes_max = kNoteBytesMax, .multiline = true}));
      return;
    case WorkflowAction::ACTION_NOT_SET:
      faults.push_back(absl::StrCat(where,
                                    ": expected create_activity, move_deal, set_field, tag "
                                    "or add_note, found no known action"));
      return;
  }
}

// Events of deals that an action can lead to.
std::vector<std::string> EventsOf(const WorkflowAction& action) {
  switch (action.action_case()) {
    case WorkflowAction::kMoveDeal:
      return {"DealStageMoved", "DealWon", "DealLost", "DealReopened"};
    case WorkflowAction::kSetField: {
      const auto field = FindSettable("field", action.set_field().field());
      if (!field.ok()) return {};
      std::vector<std::string> types((*field)->events.begin(), (*field)->events.end());
      std::erase(types, "");
      return types;
    }
    case WorkflowAction::kTag: {
      std::vector<std::string> types;
      if (!action.tag().add().empty()) types.emplace_back("DealTagged");
      if (!action.tag().remove().empty()) types.emplace_back("DealUntagged");
      return types;
    }
    case WorkflowAction::kCreateActivity:
    case WorkflowAction::kAddNote:
    case WorkflowAction::ACTION_NOT_SET:
      return {};
  }
  return {};
}

void CheckSelfTrigger(const WorkflowDefinition& definition, Faults& faults) {
  if (definition.allow_self_trigger()) return;
  const std::string& type = definition.trigger().event_type();
  for (int i = 0; i < definition.actions_size(); ++i) {
    const std::vector<std::string> types = EventsOf(definition.actions(i));
    if (std::find(types.begin(), types.end(), type) == types.end()) continue;
    faults.push_back(absl::StrCat("actions[", i, "] (step \"", StepId(definition, i),
                                  "\"): can lead to ", type,
                                  ", which triggers this workflow again; choose another trigger "
                                  "or action, or set allow_self_trigger"));
  }
}

}  // namespace

std::string StepId(const WorkflowDefinition& definition, int index) {
  const std::string& id = definition.actions(index).step_id();
  return id.empty() ? std::to_string(index + 1) : id;
}

absl::StatusOr<const DealFieldRow*> FindSettable(const std::string& where, std::string_view name) {
  const DealFieldRow* field = FindField(DealFields(), name, kSettable);
  if (field != nullptr) return field;
  return base::InvalidField(
      where, absl::StrCat("expected one of ", FieldNames(DealFields(), kSettable), ", found \"",
                          base::View(name), "\""));
}

absl::Status CheckPublishable(const WorkflowDefinition& definition, StateReader* registered) {
  Faults faults;
  RETURN_IF_ERROR(CheckTrigger(definition, registered, faults));
  if (definition.actions().empty() || definition.actions_size() > kWorkflowActionsMax) {
    faults.push_back(absl::StrCat("actions: expected 1 to ", kWorkflowActionsMax, ", found ",
                                  definition.actions_size()));
  }
  std::set<std::string> step_ids;
  for (int i = 0; i < definition.actions_size(); ++i) {
    const std::string where = absl::StrCat("actions[", i, "]");
    CheckStepId(definition, i, where, step_ids, faults);
    CheckAction(definition.actions(i), where, faults);
  }
  CheckSelfTrigger(definition, faults);
  if (faults.empty()) return absl::OkStatus();
  base::Error error(absl::StatusCode::kFailedPrecondition, "WORKFLOW_INVALID",
                    absl::StrCat("workflow \"", definition.display_name(),
                                 "\" can't be published: ", absl::StrJoin(faults, "; ")));
  for (const std::string& fault : faults) {
    error = std::move(error).Condition("WORKFLOW", definition.display_name(), fault);
  }
  return error;
}

}  // namespace dealog::domain
