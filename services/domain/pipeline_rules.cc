#include "services/domain/pipeline_rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "projections/states/deal_fields.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

std::string Sub(std::string_view field, const char* part) {
  return absl::StrCat(View(field), ".", part);
}

std::string At(std::string_view field, int index) {
  return absl::StrCat(View(field), "[", index, "]");
}

absl::StatusOr<events::v1::StageKind> ToEventKind(std::string_view field, v1::Stage::Kind kind) {
  switch (static_cast<int>(kind)) {  // An open enum: a newer client may send what we do not know.
    case v1::Stage::OPEN:
      return events::v1::STAGE_KIND_OPEN;
    case v1::Stage::WON:
      return events::v1::STAGE_KIND_WON;
    case v1::Stage::LOST:
      return events::v1::STAGE_KIND_LOST;
  }
  return base::InvalidField(
      field, absl::StrCat("expected OPEN, WON or LOST, found ", static_cast<int>(kind)));
}

absl::Status CheckLostReasons(const v1::TransitionRules& rules) {
  if (static_cast<size_t>(rules.lost_reasons_size()) > kLostReasonsMax) {
    return base::InvalidField(
        "rules.lost_reasons",
        absl::StrCat("expected at most ", kLostReasonsMax, ", found ", rules.lost_reasons_size()));
  }
  std::set<std::string> seen;
  for (int i = 0; i < rules.lost_reasons_size(); ++i) {
    const std::string field = At("rules.lost_reasons", i);
    RETURN_IF_ERROR(
        CheckText(field, rules.lost_reasons(i), {.required = true, .chars_max = kReasonCharsMax}));
    if (!seen.insert(NormalizeName(rules.lost_reasons(i))).second) {
      return base::InvalidField(field, absl::StrCat("expected each reason once, found \"",
                                                    rules.lost_reasons(i), "\" again"));
    }
  }
  return absl::OkStatus();
}

// What a stage says to people.
absl::Status CheckGuidance(std::string_view field, const v1::Stage& stage) {
  RETURN_IF_ERROR(CheckText(Sub(field, "objective"), stage.objective(),
                            {.chars_max = kObjectiveCharsMax, .multiline = true}));
  if (static_cast<size_t>(stage.actions_size()) > kStageActionsMax) {
    return base::InvalidField(
        Sub(field, "actions"),
        absl::StrCat("expected at most ", kStageActionsMax, ", found ", stage.actions_size()));
  }
  for (int i = 0; i < stage.actions_size(); ++i) {
    RETURN_IF_ERROR(CheckText(At(Sub(field, "actions"), i), stage.actions(i),
                              {.required = true, .chars_max = kStageActionCharsMax}));
  }
  return absl::OkStatus();
}

absl::StatusOr<google::protobuf::RepeatedPtrField<std::string>> ToRequiredFields(
    std::string_view field, const v1::Stage& stage) {
  google::protobuf::RepeatedPtrField<std::string> names;
  for (int i = 0; i < stage.required_fields_size(); ++i) {
    const DealFieldRow* found = FindField(DealFields(), stage.required_fields(i), kRequirable);
    if (found == nullptr || std::find(names.begin(), names.end(), found->name) != names.end()) {
      return base::InvalidField(
          At(Sub(field, "required_fields"), i),
          absl::StrCat("expected each of ", FieldNames(DealFields(), kRequirable),
                       " at most once, found \"", stage.required_fields(i), "\""));
    }
    *names.Add() = std::string(found->name);
  }
  return names;
}

}  // namespace

absl::Status PipelineInvalid(std::string_view message) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "PIPELINE_INVALID", message);
}

absl::StatusOr<const PipelineState*> LoadPipeline(const std::string& pipeline,
                                                  const CommandMeta& meta, StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  if (pipeline.empty()) {
    return base::InvalidField("pipeline", "expected a pipeline's id or display name");
  }
  ASSIGN_OR_RETURN(const PipelineState* state, ResolvePipeline("pipeline", pipeline, reader));
  const StreamRef stream{kPipelineStream, state->pipeline_id};
  RETURN_IF_ERROR(CheckEtag(meta, stream, *state));
  RETURN_IF_ERROR(CheckNotBefore(meta, stream, "its last change", state->last_changed_at_us));
  return state;
}

absl::Status CheckProbability(std::string_view field, events::v1::StageKind kind,
                              double probability) {
  const double least = kind == events::v1::STAGE_KIND_WON ? 1 : 0;
  const double most = kind == events::v1::STAGE_KIND_LOST ? 0 : 1;
  if (probability >= least && probability <= most) return absl::OkStatus();  // Not for NaN.
  return base::InvalidField(
      field, absl::StrCat("expected ", least == most ? "" : "0 to ", most, " for a stage of kind ",
                          View(KindName(kind)), ", found ", probability));
}

absl::StatusOr<events::v1::Stage> ToEventStage(std::string_view field, const v1::Stage& stage) {
  RETURN_IF_ERROR(CheckText(Sub(field, "label"), stage.label(),
                            {.required = true, .chars_max = kDisplayNameCharsMax}));
  events::v1::Stage result;
  ASSIGN_OR_RETURN(const events::v1::StageKind kind, ToEventKind(Sub(field, "kind"), stage.kind()));
  result.set_stage_id(stage.stage_id());
  result.set_label(stage.label());
  result.set_kind(kind);
  if (stage.has_probability()) {
    RETURN_IF_ERROR(CheckProbability(Sub(field, "probability"), kind, stage.probability()));
    result.set_probability(stage.probability());
  } else if (kind != events::v1::STAGE_KIND_OPEN) {
    result.set_probability(kind == events::v1::STAGE_KIND_WON ? 1 : 0);
  }
  if (stage.rot_threshold_seconds() < 0 ||
      stage.rot_threshold_seconds() > kRotThresholdSecondsMax) {
    return base::InvalidField(Sub(field, "rot_threshold_seconds"),
                              absl::StrCat("expected 0 to ", kRotThresholdSecondsMax, ", found ",
                                           stage.rot_threshold_seconds()));
  }
  result.set_rot_threshold_seconds(stage.rot_threshold_seconds());
  RETURN_IF_ERROR(CheckGuidance(field, stage));
  result.set_objective(stage.objective());
  for (const std::string& action : stage.actions()) result.add_actions()->set_label(action);
  ASSIGN_OR_RETURN(*result.mutable_required_fields(), ToRequiredFields(field, stage));
  return result;
}

bool SameLabel(std::string_view a, std::string_view b) {
  return NormalizeName(a) == NormalizeName(b);
}

absl::StatusOr<events::v1::TransitionRules> ToEventRules(const v1::TransitionRules& rules,
                                                         const PipelineState& pipeline) {
  RETURN_IF_ERROR(CheckLostReasons(rules));
  events::v1::TransitionRules result;
  result.set_allow_skip(rules.allow_skip());
  result.set_allow_backward(rules.allow_backward());
  result.set_lost_reason_required(rules.lost_reason_required());
  *result.mutable_lost_reasons() = rules.lost_reasons();
  for (int i = 0; i < rules.creation_stages_size(); ++i) {
    const std::string field = At("rules.creation_stages", i);
    ASSIGN_OR_RETURN(const PipelineStage* stage,
                     ResolveStage(field, rules.creation_stages(i), pipeline));
    RETURN_IF_ERROR(CheckActive(field, *stage));
    if (stage->kind() != events::v1::STAGE_KIND_OPEN) {
      return base::InvalidField(field, absl::StrCat("expected a stage of kind OPEN, found ",
                                                    View(KindName(stage->kind()))));
    }
    const auto& ids = result.creation_stage_ids();
    if (std::find(ids.begin(), ids.end(), stage->id()) == ids.end()) {
      result.add_creation_stage_ids(stage->id());
    }
  }
  return result;
}

absl::Status CheckActive(std::string_view field, const PipelineStage& stage) {
  if (stage.active()) return absl::OkStatus();
  return base::Error(
             absl::StatusCode::kFailedPrecondition, "STAGE_RETIRED",
             absl::StrCat(View(field), ": stage \"", stage.definition.label(), "\" is ",
                          stage.life == PipelineStage::Life::kRetired ? "retired" : "being retired",
                          "; use its replacement, ", stage.replacement_stage_id))
      .With("stage_id", stage.id())
      .With("replacement_stage_id", stage.replacement_stage_id);
}

std::string_view KindName(events::v1::StageKind kind) {
  switch (static_cast<int>(kind)) {
    case events::v1::STAGE_KIND_OPEN:
      return "OPEN";
    case events::v1::STAGE_KIND_WON:
      return "WON";
    case events::v1::STAGE_KIND_LOST:
      return "LOST";
  }
  return "UNSPECIFIED";
}

}  // namespace dealog::domain
