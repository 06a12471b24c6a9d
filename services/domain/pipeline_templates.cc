#include "services/domain/pipeline_templates.h"

#include <algorithm>
#include <string>

#include "services/domain/pipeline_template_texts.h"

namespace dealog::domain {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

v1::Stage MakeStage(const StageText& text) {
  v1::Stage stage;
  stage.set_label(std::string(text.label));
  stage.set_kind(text.kind);
  stage.set_objective(std::string(text.objective));
  for (std::string_view action : text.actions) stage.add_actions(std::string(action));
  stage.set_rot_threshold_seconds(text.rot_days * kSecondsPerDay);
  if (text.kind == v1::Stage::WON) {
    stage.set_probability(1);
  } else if (text.kind == v1::Stage::LOST) {
    stage.set_probability(0);
  } else if (text.probability >= 0) {
    stage.set_probability(text.probability);
  }
  return stage;
}

// Templates forbid nothing: who starts from one tightens the rules when the team asks for it.
v1::TransitionRules MakeRules(const TemplateLanguage& language) {
  v1::TransitionRules rules;
  rules.set_allow_skip(true);
  rules.set_allow_backward(true);
  for (std::string_view reason : language.lost_reasons) {
    rules.add_lost_reasons(std::string(reason));
  }
  return rules;
}

std::vector<PipelineTemplate> MakeTemplates() {
  std::vector<PipelineTemplate> templates;
  for (const TemplateLanguage& language : {FrenchTemplates(), EnglishTemplates()}) {
    for (const TemplateText& text : language.templates) {
      PipelineTemplate& made = templates.emplace_back();
      made.description.set_name(std::string(text.name));
      made.description.set_description(std::string(text.description));
      made.description.set_language(std::string(language.language));
      for (const StageText& stage : text.stages) *made.description.add_stages() = MakeStage(stage);
      made.rules = MakeRules(language);
    }
  }
  std::sort(templates.begin(), templates.end(), [](const auto& a, const auto& b) {
    return a.description.name() < b.description.name();
  });
  return templates;
}

}  // namespace

const std::vector<PipelineTemplate>& PipelineTemplates() {
  static const auto& templates = *new std::vector<PipelineTemplate>(MakeTemplates());
  return templates;
}

const PipelineTemplate* FindPipelineTemplate(std::string_view name) {
  for (const PipelineTemplate& known : PipelineTemplates()) {
    if (known.description.name() == name) return &known;
  }
  return nullptr;
}

}  // namespace dealog::domain
