// Commands of a whole pipeline: create, rename, archive, default, rules.

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/pipeline.h"
#include "services/domain/pipeline_rules.h"
#include "services/domain/pipeline_templates.h"
#include "services/domain/references.h"
#include "services/domain/text.h"

namespace dealog::domain {
namespace {

absl::Status CheckDisplayName(const std::string& name) {
  return CheckText("display_name", name, {.required = true, .chars_max = kDisplayNameCharsMax});
}

absl::Status ClaimName(const std::string& name, const StreamRef& pipeline, StateReader& reader,
                       Decision& decision) {
  return ClaimKey(
      {kPipelineName, NormalizeName(name), pipeline, "display_name", "NAME_TAKEN", "pipeline_id"},
      reader, decision);
}

UniqueClaim DefaultKey(const StreamRef& pipeline) {
  return {kPipelineDefault, kDealSubject, pipeline};
}

void AddDefaultChange(Decision& decision, const StreamRef& pipeline, bool is_default) {
  AddEvent(decision, pipeline)
      .mutable_pipeline()
      ->mutable_default_pipeline_changed()
      ->set_is_default(is_default);
}

// Labels and ids differ, and every kind has a stage.
absl::Status CheckStages(const std::vector<PipelineStage>& stages) {
  std::set<std::string> labels;
  std::set<std::string> ids;
  std::set<events::v1::StageKind> kinds;
  for (const PipelineStage& stage : stages) {
    if (!labels.insert(NormalizeName(stage.definition.label())).second) {
      return PipelineInvalid(absl::StrCat("stages: expected labels that differ, found \"",
                                          stage.definition.label(), "\" twice"));
    }
    if (!ids.insert(stage.id()).second) {
      return PipelineInvalid(
          absl::StrCat("stages: expected ids that differ, found ", stage.id(), " twice"));
    }
    kinds.insert(stage.kind());
  }
  for (const auto kind :
       {events::v1::STAGE_KIND_OPEN, events::v1::STAGE_KIND_WON, events::v1::STAGE_KIND_LOST}) {
    if (!kinds.contains(kind)) {
      return PipelineInvalid(
          absl::StrCat("stages: expected at least one OPEN, one WON and one LOST stage, found no ",
                       View(KindName(kind)), " stage; add one"));
    }
  }
  return absl::OkStatus();
}

using Stages = google::protobuf::RepeatedPtrField<v1::Stage>;

absl::StatusOr<std::vector<PipelineStage>> ToStages(const Stages& stages, const CommandMeta& meta) {
  if (static_cast<size_t>(stages.size()) > kStagesMax) {
    return base::InvalidField(
        "stages", absl::StrCat("expected at most ", kStagesMax, ", found ", stages.size()));
  }
  std::vector<PipelineStage> result;
  for (int i = 0; i < stages.size(); ++i) {
    const std::string field = absl::StrCat("stages[", i, "]");
    ASSIGN_OR_RETURN(events::v1::Stage stage, ToEventStage(field, stages[i]));
    if (stage.stage_id().empty()) {
      stage.set_stage_id(meta.NewId("stage", i + 1));
    } else if (!base::IsId("stage", stage.stage_id())) {
      return base::InvalidField(field + ".stage_id",
                                absl::StrCat("expected \"stage_\" and 26 characters of lower-case "
                                             "base32, or nothing; found \"",
                                             stage.stage_id(), "\""));
    }
    result.push_back({.definition = std::move(stage)});
  }
  RETURN_IF_ERROR(CheckStages(result));
  return result;
}

v1::TransitionRules DefaultRules() {
  v1::TransitionRules rules;
  rules.set_allow_skip(true);
  rules.set_allow_backward(true);
  return rules;
}

absl::StatusOr<const PipelineTemplate*> TemplateOf(const v1::CreatePipelineRequest& request) {
  if (request.template_name().empty()) {
    if (!request.stages().empty()) return nullptr;
    return base::InvalidField("stages", "expected stages, or a template_name; found neither");
  }
  if (const PipelineTemplate* found = FindPipelineTemplate(request.template_name())) return found;
  std::string names;
  for (const PipelineTemplate& known : PipelineTemplates()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", known.description.name());
  }
  return base::InvalidField("template_name", absl::StrCat("expected one of ", names, "; found \"",
                                                          request.template_name(), "\""));
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::CreatePipelineRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  ASSIGN_OR_RETURN(const std::string id, NewResourceId("pipeline_id", request.pipeline_id(),
                                                       "pipeline", kPipelineStream, meta, reader));
  RETURN_IF_ERROR(CheckDisplayName(request.display_name()));
  ASSIGN_OR_RETURN(const PipelineTemplate* pattern, TemplateOf(request));
  PipelineState draft(id);  // Never stored: what names in the rules resolve against.
  draft.display_name.Set(request.display_name());
  ASSIGN_OR_RETURN(
      draft.stages,
      ToStages(request.stages().empty() ? pattern->description.stages() : request.stages(), meta));
  const bool own_rules = request.has_rules();
  const bool template_rules = !own_rules && pattern != nullptr && request.stages().empty();
  ASSIGN_OR_RETURN(draft.rules, ToEventRules(own_rules        ? request.rules()
                                             : template_rules ? pattern->rules
                                                              : DefaultRules(),
                                             draft));

  const StreamRef subject{kPipelineStream, id};
  Decision decision{.subject = subject};
  RETURN_IF_ERROR(ClaimName(request.display_name(), subject, reader, decision));
  auto& created = *AddEvent(decision, subject).mutable_pipeline()->mutable_pipeline_created();
  created.set_display_name(request.display_name());
  created.set_subject(events::v1::PIPELINE_SUBJECT_DEAL);
  for (const PipelineStage& stage : draft.stages) *created.add_stages() = stage.definition;
  *created.mutable_rules() = draft.rules;
  created.set_template_name(request.template_name());

  // The first pipeline is the default: a new tenant works without a further step.
  ASSIGN_OR_RETURN(const std::optional<std::string> current,
                   reader.FindUnique(kPipelineDefault, kDealSubject));
  if (!current) {
    AddDefaultChange(decision, subject, true);
    decision.claims.push_back(DefaultKey(subject));
  }
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::RenamePipelineRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* pipeline, LoadPipeline(request.pipeline(), meta, reader));
  RETURN_IF_ERROR(CheckDisplayName(request.display_name()));
  const StreamRef subject{kPipelineStream, pipeline->pipeline_id};
  Decision decision{.subject = subject};
  if (request.display_name() == pipeline->display_name.value) return decision;
  const std::string old_key = NormalizeName(pipeline->display_name.value);
  if (NormalizeName(request.display_name()) != old_key) {
    RETURN_IF_ERROR(ClaimName(request.display_name(), subject, reader, decision));
    decision.releases.push_back({kPipelineName, old_key, subject});
  }
  AddEvent(decision, subject)
      .mutable_pipeline()
      ->mutable_pipeline_renamed()
      ->set_display_name(request.display_name());
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::ArchivePipelineRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* pipeline, LoadPipeline(request.pipeline(), meta, reader));
  const StreamRef subject{kPipelineStream, pipeline->pipeline_id};
  Decision decision{.subject = subject};
  if (pipeline->archived) return decision;
  AddEvent(decision, subject).mutable_pipeline()->mutable_pipeline_archived();
  if (pipeline->is_default) {
    AddDefaultChange(decision, subject, false);
    decision.releases.push_back(DefaultKey(subject));
  }
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::SetDefaultPipelineRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* pipeline, LoadPipeline(request.pipeline(), meta, reader));
  const StreamRef subject{kPipelineStream, pipeline->pipeline_id};
  Decision decision{.subject = subject};
  if (pipeline->archived) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "PIPELINE_ARCHIVED",
                       absl::StrCat("pipeline \"", pipeline->display_name.value,
                                    "\" is archived; the default must take new deals"))
        .With("pipeline_id", pipeline->pipeline_id);
  }
  if (pipeline->is_default) return decision;
  ASSIGN_OR_RETURN(const std::optional<std::string> current,
                   reader.FindUnique(kPipelineDefault, kDealSubject));
  if (current) {
    const StreamRef former{kPipelineStream, *current};
    AddDefaultChange(decision, former, false);
    decision.releases.push_back(DefaultKey(former));
  }
  AddDefaultChange(decision, subject, true);
  decision.claims.push_back(DefaultKey(subject));
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::SetTransitionRulesRequest& request,
                                const CommandMeta& meta, StateReader& reader) {
  ASSIGN_OR_RETURN(const PipelineState* pipeline, LoadPipeline(request.pipeline(), meta, reader));
  if (!request.has_rules()) return base::InvalidField("rules", "expected rules, found none");
  ASSIGN_OR_RETURN(const events::v1::TransitionRules rules,
                   ToEventRules(request.rules(), *pipeline));
  const StreamRef subject{kPipelineStream, pipeline->pipeline_id};
  Decision decision{.subject = subject};
  if (rules.SerializeAsString() == pipeline->rules.SerializeAsString()) return decision;
  *AddEvent(decision, subject)
       .mutable_pipeline()
       ->mutable_transition_rules_changed()
       ->mutable_rules() = rules;
  return decision;
}

}  // namespace dealog::domain
