#pragma once

// The pipelines that ship with the product: a name, stages and rules to start from.

#include <string_view>
#include <vector>

#include "dealog/v1/pipelines.pb.h"

namespace dealog::domain {

// A template's rules name stages by label.
struct PipelineTemplate {
  v1::PipelineTemplate description;  // Name, what it is, language, stages.
  v1::TransitionRules rules;
};

// All templates, by name. Lives for ever.
const std::vector<PipelineTemplate>& PipelineTemplates();

// The template of that name; nullptr if there is none.
const PipelineTemplate* FindPipelineTemplate(std::string_view name);

}  // namespace dealog::domain
