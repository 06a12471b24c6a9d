#pragma once

// The templates' texts by language; pipeline_templates.cc makes messages of them.

#include <string_view>
#include <vector>

#include "dealog/v1/pipelines.pb.h"

namespace dealog::domain {

struct StageText {
  std::string_view label;
  v1::Stage::Kind kind = v1::Stage::OPEN;
  std::string_view objective;
  std::vector<std::string_view> actions;
  double probability = -1;  // Negative: no opinion.
  int rot_days = 0;         // 0: never stale.
};

struct TemplateText {
  std::string_view name;
  std::string_view description;
  std::vector<StageText> stages;
};

struct TemplateLanguage {
  std::string_view language;
  std::vector<std::string_view> lost_reasons;
  std::vector<TemplateText> templates;
};

TemplateLanguage FrenchTemplates();
TemplateLanguage EnglishTemplates();

}  // namespace dealog::domain
