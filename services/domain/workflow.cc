#include "services/domain/workflow.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

using events::v1::WorkflowDefinition;

// A draft may be unfinished; what it says must be text of a bounded size.
absl::Status CheckDraft(const WorkflowDefinition& definition) {
  RETURN_IF_ERROR(CheckText("definition.display_name", definition.display_name(),
                            {.required = true, .chars_max = kDisplayNameCharsMax}));
  RETURN_IF_ERROR(CheckText("definition.trigger.condition", definition.trigger().condition(),
                            {.bytes_max = kConditionBytesMax, .multiline = true}));
  if (definition.actions_size() > kWorkflowActionsMax) {
    return base::InvalidField("definition.actions",
                              absl::StrCat("expected at most ", kWorkflowActionsMax, ", found ",
                                           definition.actions_size()));
  }
  if (definition.ByteSizeLong() > kDefinitionBytesMax) {
    return base::InvalidField(
        "definition", absl::StrCat("expected at most ", kDefinitionBytesMax, " bytes, found ",
                                   definition.ByteSizeLong()));
  }
  return absl::OkStatus();
}

// The workflow that a draft is for: of that id, else of that name; nullptr for a new one.
absl::StatusOr<const WorkflowState*> FindDrafted(const v1::CreateWorkflowDraftRequest& request,
                                                 const CommandMeta& meta, StateReader& reader) {
  std::string id = request.workflow_id();
  if (id.empty()) {
    ASSIGN_OR_RETURN(
        const std::optional<std::string> known,
        reader.FindUnique(kWorkflowName, NormalizeName(request.definition().display_name())));
    if (!known) return nullptr;
    id = *known;
  }
  if (!base::IsId("workflow", id)) return nullptr;  // NewResourceId says why.
  ASSIGN_OR_RETURN(const WorkflowState* workflow, Load<WorkflowState>(reader, kWorkflowStream, id));
  if (workflow->revision == 0) return nullptr;
  const StreamRef stream{kWorkflowStream, id};
  RETURN_IF_ERROR(CheckEtag(meta, stream, *workflow));
  RETURN_IF_ERROR(CheckNotBefore(meta, stream, "its first draft", workflow->created_at_us));
  return workflow;
}

// The subject of Publish and Stop, by id or display name.
absl::StatusOr<const WorkflowState*> LoadWorkflow(const std::string& workflow,
                                                  const CommandMeta& meta, StateReader& reader) {
  std::string id = workflow;
  if (!workflow.empty() && !base::IsId("workflow", workflow)) {
    ASSIGN_OR_RETURN(const std::optional<std::string> known,
                     reader.FindUnique(kWorkflowName, NormalizeName(workflow)));
    if (!known) return NotFound("WORKFLOW_NOT_FOUND", "workflow", workflow);
    id = *known;
  }
  const StreamRef stream{kWorkflowStream, id};
  ASSIGN_OR_RETURN(
      const WorkflowState* state,
      LoadSubject<WorkflowState>(reader, stream, "workflow", "WORKFLOW_NOT_FOUND", meta));
  RETURN_IF_ERROR(CheckNotBefore(meta, stream, "its first draft", state->created_at_us));
  return state;
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::CreateWorkflowDraftRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckDraft(request.definition()));
  ASSIGN_OR_RETURN(const WorkflowState* existing, FindDrafted(request, meta, reader));
  Decision decision{.subject = {kWorkflowStream, ""}};
  if (existing != nullptr) {
    decision.subject.id = existing->workflow_id;
    const WorkflowDefinition* published = existing->Definition(existing->published_revision);
    const WorkflowDefinition* newest = existing->draft ? &*existing->draft : published;
    if (newest != nullptr && SameDefinition(*newest, request.definition())) return decision;
  } else {
    ASSIGN_OR_RETURN(decision.subject.id, NewResourceId("workflow_id", request.workflow_id(),
                                                        "workflow", kWorkflowStream, meta, reader));
  }
  const std::string key = NormalizeName(request.definition().display_name());
  const std::string old_key =
      existing == nullptr ? "" : NormalizeName(existing->display_name.value);
  if (key != old_key) {
    RETURN_IF_ERROR(ClaimKey({kWorkflowName, key, decision.subject, "definition.display_name",
                              "NAME_TAKEN", "workflow_id"},
                             reader, decision));
    if (!old_key.empty()) decision.releases.push_back({kWorkflowName, old_key, decision.subject});
  }
  *AddEvent(decision, decision.subject)
       .mutable_workflow()
       ->mutable_workflow_drafted()
       ->mutable_definition() = request.definition();
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::PublishWorkflowRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const WorkflowState* workflow, LoadWorkflow(request.workflow(), meta, reader));
  const StreamRef subject{kWorkflowStream, workflow->workflow_id};
  Decision decision{.subject = subject};
  const WorkflowDefinition* live = workflow->Definition(workflow->published_revision);
  const WorkflowDefinition* next = workflow->draft ? &*workflow->draft : live;
  const bool same = next == nullptr || (live != nullptr && SameDefinition(*live, *next));
  if (same && workflow->state == v1::Workflow::ACTIVE) return decision;
  if (next == nullptr) return decision;  // Only a history that is not ours has no draft.
  RETURN_IF_ERROR(CheckPublishable(*next, &reader));
  auto& published = *AddEvent(decision, subject).mutable_workflow()->mutable_workflow_published();
  published.set_workflow_revision(workflow->published_revision + 1);
  *published.mutable_definition() = *next;
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::StopWorkflowRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const WorkflowState* workflow, LoadWorkflow(request.workflow(), meta, reader));
  const StreamRef subject{kWorkflowStream, workflow->workflow_id};
  Decision decision{.subject = subject};
  // What is not live has nothing to stop.
  if (workflow->state != v1::Workflow::ACTIVE) return decision;
  AddEvent(decision, subject).mutable_workflow()->mutable_workflow_stopped();
  return decision;
}

}  // namespace dealog::domain
