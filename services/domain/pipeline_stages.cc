// Commands of a pipeline's stages: add, rename, reorder, update, retire.

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/pipeline.h"
#include "services/domain/pipeline_rules.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

using Life = PipelineStage::Life;

// Number of stages that are not retired; they come first.
size_t LivingStages(const PipelineState& pipeline) {
  return static_cast<size_t>(
      std::count_if(pipeline.stages.begin(), pipeline.stages.end(),
                    [](const PipelineStage& stage) { return stage.life != Life::kRetired; }));
}

// A retired stage's label is free again.
absl::Status CheckLabelFree(std::string_view field, const PipelineState& pipeline,
                            const std::string& label, std::string_view except_stage_id) {
  for (const PipelineStage& stage : pipeline.stages) {
    if (stage.life != Life::kRetired && stage.id() != except_stage_id &&
        SameLabel(stage.definition.label(), label)) {
      return PipelineInvalid(absl::StrCat(View(field), ": stage ", stage.id(), " has the label \"",
                                          stage.definition.label(), "\"; choose another"));
    }
  }
  return absl::OkStatus();
}

// The subject's pipeline and the active stage that a command is about.
struct Target {
  const PipelineState* pipeline;
  const PipelineStage* stage;
  StreamRef stream;
};

absl::StatusOr<Target> LoadTarget(const std::string& pipeline, const std::string& stage,
                                  const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* state, LoadPipeline(pipeline, meta, reader));
  ASSIGN_OR_RETURN(const PipelineStage* found, ResolveStage("stage", stage, *state));
  return Target{state, found, {kPipelineStream, state->pipeline_id}};
}

// Place of a new stage: as asked for, else after the last living one of its kind.
absl::StatusOr<int> IndexFor(const v1::AddStageRequest& request, events::v1::StageKind kind,
                             const PipelineState& pipeline) {
  const int living = static_cast<int>(LivingStages(pipeline));
  if (request.has_index()) {
    if (request.index() >= 0 && request.index() <= living) return request.index();
    return base::InvalidField("index",
                              absl::StrCat("expected 0 to ", living, ", found ", request.index()));
  }
  int index = living;
  for (int i = 0; i < living; ++i) {
    if (pipeline.stages[i].kind() == kind) index = i + 1;
  }
  return index;
}

// `values`: those of the request, checked.
void AddCriteriaChange(const v1::UpdateStageRequest& request, const events::v1::Stage& values,
                       const Target& target, Decision& decision) {
  events::v1::StageExitCriteriaChanged changed;
  const events::v1::Stage& now = target.stage->definition;
  changed.set_stage_id(now.stage_id());
  changed.set_objective(now.objective());
  *changed.mutable_actions() = now.actions();
  *changed.mutable_required_fields() = now.required_fields();
  const std::string before = changed.SerializeAsString();
  if (MaskHas(request.update_mask(), "objective")) {
    changed.set_objective(request.values().objective());
  }
  if (MaskHas(request.update_mask(), "actions")) {
    changed.clear_actions();
    for (const std::string& action : request.values().actions()) {
      changed.add_actions()->set_label(action);
    }
  }
  if (MaskHas(request.update_mask(), "required_fields")) {
    *changed.mutable_required_fields() = values.required_fields();
  }
  if (changed.SerializeAsString() == before) return;
  *AddEvent(decision, target.stream).mutable_pipeline()->mutable_stage_exit_criteria_changed() =
      changed;
}

void AddProbabilityChange(const v1::Stage& values, const Target& target, Decision& decision) {
  const events::v1::Stage& now = target.stage->definition;
  if (values.has_probability() == now.has_probability() &&
      values.probability() == now.probability()) {
    return;
  }
  auto& changed =
      *AddEvent(decision, target.stream).mutable_pipeline()->mutable_stage_probability_changed();
  changed.set_stage_id(now.stage_id());
  if (values.has_probability()) changed.set_probability(values.probability());
}

// Where deals of a retiring stage may go: an active stage of its kind that is not itself.
absl::Status CheckReplacement(const PipelineStage& stage, const PipelineStage& replacement) {
  const std::string what = absl::StrCat("replacement_stage \"", replacement.definition.label(),
                                        "\" of stage \"", stage.definition.label(), "\"");
  if (replacement.id() == stage.id()) {
    return PipelineInvalid(absl::StrCat(what, ": expected another stage, found the same"));
  }
  if (replacement.kind() != stage.kind()) {
    return PipelineInvalid(absl::StrCat(what, ": expected a stage of kind ",
                                        View(KindName(stage.kind())), ", found ",
                                        View(KindName(replacement.kind()))));
  }
  if (!replacement.active()) {
    return PipelineInvalid(
        absl::StrCat(what, ": expected a stage that stays, found a retired one"));
  }
  return absl::OkStatus();
}

// Deals may not be opened in a retiring stage: the rules name its replacement from now on.
void ReplaceCreationStage(const PipelineState& pipeline, const PipelineStage& stage,
                          const PipelineStage& replacement, const StreamRef& stream,
                          Decision& decision) {
  events::v1::TransitionRules rules = pipeline.rules;
  const auto& ids = pipeline.rules.creation_stage_ids();
  if (std::find(ids.begin(), ids.end(), stage.id()) == ids.end()) return;
  rules.clear_creation_stage_ids();
  std::set<std::string> seen;
  for (const std::string& id : ids) {
    const std::string& next = id == stage.id() ? replacement.id() : id;
    if (seen.insert(next).second) rules.add_creation_stage_ids(next);
  }
  *AddEvent(decision, stream)
       .mutable_pipeline()
       ->mutable_transition_rules_changed()
       ->mutable_rules() = rules;
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::AddStageRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* pipeline, LoadPipeline(request.pipeline(), meta, reader));
  ASSIGN_OR_RETURN(events::v1::Stage stage, ToEventStage("stage", request.stage()));
  if (stage.stage_id().empty()) {
    stage.set_stage_id(meta.NewId("stage"));
  } else if (!base::IsId("stage", stage.stage_id())) {
    return base::InvalidField("stage.stage_id",
                              absl::StrCat("expected \"stage_\" and 26 characters of lower-case "
                                           "base32, or nothing; found \"",
                                           stage.stage_id(), "\""));
  }
  if (pipeline->FindStage(stage.stage_id()) != nullptr) {
    return base::Error(absl::StatusCode::kAlreadyExists, "ID_EXISTS",
                       absl::StrCat("stage ", stage.stage_id(), " exists; choose another id"))
        .With("stage.stage_id", stage.stage_id());
  }
  RETURN_IF_ERROR(CheckLabelFree("stage.label", *pipeline, stage.label(), ""));
  if (LivingStages(*pipeline) >= kStagesMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("a pipeline has at most ", kStagesMax,
                                    " stages (kStagesMax); retire one first"));
  }
  ASSIGN_OR_RETURN(const int index, IndexFor(request, stage.kind(), *pipeline));
  const StreamRef subject{kPipelineStream, pipeline->pipeline_id};
  Decision decision{.subject = subject};
  auto& added = *AddEvent(decision, subject).mutable_pipeline()->mutable_stage_added();
  *added.mutable_stage() = std::move(stage);
  added.set_index(index);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::RenameStageRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const Target target,
                   LoadTarget(request.pipeline(), request.stage(), meta, reader));
  RETURN_IF_ERROR(CheckActive("stage", *target.stage));
  RETURN_IF_ERROR(
      CheckText("label", request.label(), {.required = true, .chars_max = kDisplayNameCharsMax}));
  RETURN_IF_ERROR(CheckLabelFree("label", *target.pipeline, request.label(), target.stage->id()));
  Decision decision{.subject = target.stream};
  if (request.label() == target.stage->definition.label()) return decision;
  auto& renamed = *AddEvent(decision, target.stream).mutable_pipeline()->mutable_stage_renamed();
  renamed.set_stage_id(target.stage->id());
  renamed.set_label(request.label());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::ReorderStagesRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* pipeline, LoadPipeline(request.pipeline(), meta, reader));
  const size_t living = LivingStages(*pipeline);
  events::v1::StagesReordered reordered;
  std::set<std::string> seen;
  bool same_order = true;
  for (int i = 0; i < request.stages_size(); ++i) {
    const std::string field = absl::StrCat("stages[", i, "]");
    ASSIGN_OR_RETURN(const PipelineStage* stage, ResolveStage(field, request.stages(i), *pipeline));
    if (stage->life == Life::kRetired || !seen.insert(stage->id()).second) {
      return PipelineInvalid(
          absl::StrCat(field,
                       ": expected every stage that is not retired "
                       "exactly once, found \"",
                       stage->definition.label(),
                       stage->life == Life::kRetired ? "\", which is retired" : "\" again"));
    }
    same_order = same_order && pipeline->IndexOf(*stage) == static_cast<size_t>(i);
    reordered.add_stage_ids(stage->id());
  }
  if (seen.size() != living) {
    return PipelineInvalid(absl::StrCat("stages: expected all ", living,
                                        " stages that are not retired, found ", seen.size()));
  }
  const StreamRef subject{kPipelineStream, pipeline->pipeline_id};
  Decision decision{.subject = subject};
  if (same_order) return decision;
  *AddEvent(decision, subject).mutable_pipeline()->mutable_stages_reordered() =
      std::move(reordered);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UpdateStageRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const Target target,
                   LoadTarget(request.pipeline(), request.stage(), meta, reader));
  RETURN_IF_ERROR(CheckActive("stage", *target.stage));
  RETURN_IF_ERROR(CheckMask(request.update_mask(), {"probability", "rot_threshold_seconds",
                                                    "objective", "actions", "required_fields"}));
  // The same checks as for a new stage, on the values with the stage's own name and kind.
  v1::Stage checked = request.values();
  checked.set_label(target.stage->definition.label());
  checked.set_kind(static_cast<v1::Stage::Kind>(target.stage->kind()));
  if (!MaskHas(request.update_mask(), "probability")) checked.clear_probability();
  ASSIGN_OR_RETURN(const events::v1::Stage values, ToEventStage("values", checked));

  Decision decision{.subject = target.stream};
  const events::v1::Stage& now = target.stage->definition;
  if (MaskHas(request.update_mask(), "probability") &&
      (request.values().has_probability() || now.kind() == events::v1::STAGE_KIND_OPEN)) {
    AddProbabilityChange(request.values(), target, decision);
  }
  if (MaskHas(request.update_mask(), "rot_threshold_seconds") &&
      request.values().rot_threshold_seconds() != now.rot_threshold_seconds()) {
    auto& changed = *AddEvent(decision, target.stream)
                         .mutable_pipeline()
                         ->mutable_stage_rot_threshold_changed();
    changed.set_stage_id(now.stage_id());
    changed.set_rot_threshold_seconds(request.values().rot_threshold_seconds());
  }
  AddCriteriaChange(request, values, target, decision);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::RetireStageRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const Target target,
                   LoadTarget(request.pipeline(), request.stage(), meta, reader));
  const auto& [pipeline, stage, stream] = target;
  Decision decision{.subject = stream};
  if (!stage->active()) {
    const PipelineStage* same = FindStageByIdOrLabel(*pipeline, request.replacement_stage());
    if (same != nullptr && same->id() == stage->replacement_stage_id) return decision;
    return CheckActive("stage", *stage);
  }
  const auto of_kind = std::count_if(
      pipeline->stages.begin(), pipeline->stages.end(),
      [&](const auto& other) { return other.active() && other.kind() == stage->kind(); });
  if (of_kind == 1) {
    return PipelineInvalid(absl::StrCat("stage \"", stage->definition.label(), "\" is the last ",
                                        View(KindName(stage->kind())),
                                        " stage of the pipeline; add another first"));
  }
  ASSIGN_OR_RETURN(const PipelineStage* replacement,
                   ResolveStage("replacement_stage", request.replacement_stage(), *pipeline));
  RETURN_IF_ERROR(CheckReplacement(*stage, *replacement));
  if (pipeline->stages.size() - LivingStages(*pipeline) >= kRetiredStagesMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("a pipeline keeps at most ", kRetiredStagesMax,
                                    " retired stages (kRetiredStagesMax); create a new pipeline"));
  }
  auto& started =
      *AddEvent(decision, stream).mutable_pipeline()->mutable_stage_retirement_started();
  started.set_stage_id(stage->id());
  started.set_replacement_stage_id(replacement->id());
  ReplaceCreationStage(*pipeline, *stage, *replacement, stream, decision);
  return decision;
}

absl::StatusOr<Decision> DecideFinishRetirement(std::string_view pipeline_id,
                                                std::string_view stage_id, const CommandMeta& meta,
                                                StateReader& reader) {
  ASSIGN_OR_RETURN(const Target target,
                   LoadTarget(std::string(pipeline_id), std::string(stage_id), meta, reader));
  Decision decision{.subject = target.stream};
  if (target.stage->life == Life::kRetired) return decision;
  if (target.stage->active()) {
    return PipelineInvalid(absl::StrCat("stage \"", target.stage->definition.label(),
                                        "\" is not being retired; start with RetireStage"));
  }
  auto& retired = *AddEvent(decision, target.stream).mutable_pipeline()->mutable_stage_retired();
  retired.set_stage_id(target.stage->id());
  retired.set_replacement_stage_id(target.stage->replacement_stage_id);
  return decision;
}

}  // namespace dealog::domain
