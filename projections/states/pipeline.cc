#include "projections/states/pipeline.h"

#include <algorithm>
#include <utility>

namespace dealog::states {

using events::v1::PipelineEvent;
using Life = PipelineStage::Life;

size_t PipelineState::ApproximateBytes() const {
  size_t bytes = sizeof(*this) + rules.SpaceUsedLong();
  for (const PipelineStage& stage : stages) {
    bytes += sizeof(stage) + stage.definition.SpaceUsedLong();
  }
  return bytes;
}

const PipelineStage* PipelineState::FindStage(std::string_view stage_id) const {
  const auto it = std::find_if(stages.begin(), stages.end(),
                               [&](const PipelineStage& stage) { return stage.id() == stage_id; });
  return it == stages.end() ? nullptr : &*it;
}

const PipelineStage* PipelineState::FirstActive(events::v1::StageKind kind) const {
  const auto it = std::find_if(stages.begin(), stages.end(), [&](const PipelineStage& stage) {
    return stage.active() && stage.kind() == kind;
  });
  return it == stages.end() ? nullptr : &*it;
}

const PipelineStage& PipelineState::Successor(const PipelineStage& stage) const {
  const PipelineStage* current = &stage;
  // A replacement is active when it is named, so that a chain has no loop; the bound is for
  // histories that are not ours.
  for (size_t steps = 0; steps < stages.size() && !current->active(); ++steps) {
    const PipelineStage* next = FindStage(current->replacement_stage_id);
    if (next == nullptr) break;
    current = next;
  }
  return *current;
}

PipelineStage* PipelineState::Mutable(std::string_view stage_id) {
  return const_cast<PipelineStage*>(std::as_const(*this).FindStage(stage_id));
}

void PipelineState::Evolve(const events::v1::Event& event, const EventMeta& meta) {
  const PipelineEvent& change = event.pipeline();
  if (change.kind_case() == PipelineEvent::KIND_NOT_SET) return;
  last_changed_at_us = std::max(last_changed_at_us, meta.occurred_at_us);
  switch (change.kind_case()) {
    case PipelineEvent::kPipelineCreated: {
      const auto& created = change.pipeline_created();
      display_name.Set(created.display_name());
      subject = created.subject();
      rules = created.rules();
      template_name = created.template_name();
      created_at_us = last_changed_at_us = meta.occurred_at_us;
      stages.clear();
      for (const auto& stage : created.stages()) stages.push_back({.definition = stage});
      return;
    }
    case PipelineEvent::kPipelineRenamed:
      display_name.Set(change.pipeline_renamed().display_name());
      return;
    case PipelineEvent::kPipelineArchived:
      archived = true;
      return;
    case PipelineEvent::kTransitionRulesChanged:
      rules = change.transition_rules_changed().rules();
      return;
    case PipelineEvent::kDefaultPipelineChanged:
      is_default = change.default_pipeline_changed().is_default();
      return;
    case PipelineEvent::kStageAdded:
    case PipelineEvent::kStageRenamed:
    case PipelineEvent::kStagesReordered:
    case PipelineEvent::kStageProbabilityChanged:
    case PipelineEvent::kStageRotThresholdChanged:
    case PipelineEvent::kStageExitCriteriaChanged:
    case PipelineEvent::kStageRetirementStarted:
    case PipelineEvent::kStageRetired:
      EvolveStages(change);
      return;
    case PipelineEvent::KIND_NOT_SET:
      return;
  }
}

void PipelineState::EvolveStages(const PipelineEvent& change) {
  if (change.has_stage_added()) {
    const auto retired = std::find_if(stages.begin(), stages.end(), [](const PipelineStage& stage) {
      return stage.life == Life::kRetired;
    });
    const int64_t places = retired - stages.begin();
    const int64_t index = std::clamp<int64_t>(change.stage_added().index(), 0, places);
    stages.insert(stages.begin() + index, {.definition = change.stage_added().stage()});
  } else if (change.has_stages_reordered()) {
    Reorder(change.stages_reordered());
  } else if (change.has_stage_renamed()) {
    const auto& renamed = change.stage_renamed();
    if (PipelineStage* stage = Mutable(renamed.stage_id())) {
      stage->definition.set_label(renamed.label());
    }
  } else if (change.has_stage_retirement_started() || change.has_stage_retired()) {
    Retire(change);
  } else {
    EvolveDefinition(change);
  }
}

void PipelineState::EvolveDefinition(const PipelineEvent& change) {
  if (change.has_stage_probability_changed()) {
    const auto& changed = change.stage_probability_changed();
    if (PipelineStage* stage = Mutable(changed.stage_id())) {
      stage->definition.clear_probability();
      if (changed.has_probability()) stage->definition.set_probability(changed.probability());
    }
  } else if (change.has_stage_rot_threshold_changed()) {
    const auto& changed = change.stage_rot_threshold_changed();
    if (PipelineStage* stage = Mutable(changed.stage_id())) {
      stage->definition.set_rot_threshold_seconds(changed.rot_threshold_seconds());
    }
  } else {
    const auto& changed = change.stage_exit_criteria_changed();
    if (PipelineStage* stage = Mutable(changed.stage_id())) {
      stage->definition.set_objective(changed.objective());
      *stage->definition.mutable_actions() = changed.actions();
      *stage->definition.mutable_required_fields() = changed.required_fields();
    }
  }
}

void PipelineState::Reorder(const events::v1::StagesReordered& reordered) {
  // Stages that the event does not name keep their order behind those that it names.
  const auto& ids = reordered.stage_ids();
  const auto place = [&](const PipelineStage& stage) {
    return std::find(ids.begin(), ids.end(), stage.id()) - ids.begin();
  };
  std::stable_sort(stages.begin(), stages.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

void PipelineState::Retire(const PipelineEvent& change) {
  const bool done = change.has_stage_retired();
  PipelineStage* stage = Mutable(done ? change.stage_retired().stage_id()
                                      : change.stage_retirement_started().stage_id());
  if (stage == nullptr) return;
  stage->life = done ? Life::kRetired : Life::kRetiring;
  stage->replacement_stage_id = done ? change.stage_retired().replacement_stage_id()
                                     : change.stage_retirement_started().replacement_stage_id();
  if (done) {
    const auto at = stages.begin() + (stage - stages.data());
    std::rotate(at, at + 1, stages.end());
  }
}

}  // namespace dealog::states
