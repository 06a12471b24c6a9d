#include "projections/views/pipelines_view.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "eventstore/base/string_view.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

using events::v1::PipelineEvent;

// Stages that are not retired come first; retired ones keep the order in which they went.
size_t LiveCount(const PipelineAt& pipeline) {
  size_t count = 0;
  for (const StageAt& stage : pipeline.stages) count += stage.retired ? 0 : 1;
  return count;
}

StageAt* MutableStage(PipelineAt& pipeline, std::string_view stage_id) {
  return const_cast<StageAt*>(pipeline.Find(stage_id));
}

void Reorder(const events::v1::StagesReordered& event, PipelineAt& pipeline) {
  const auto& ids = event.stage_ids();
  std::vector<std::pair<ptrdiff_t, size_t>> places(LiveCount(pipeline));  // New, then old.
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string& id = pipeline.stages[i].stage.stage_id();
    places[i] = {std::find(ids.begin(), ids.end(), id) - ids.begin(), i};
  }
  if (std::is_sorted(places.begin(), places.end())) return;
  std::sort(places.begin(), places.end());
  std::vector<StageAt> ordered;
  ordered.reserve(pipeline.stages.size());
  for (const auto& [place, old] : places) ordered.push_back(std::move(pipeline.stages[old]));
  std::move(pipeline.stages.begin() + static_cast<ptrdiff_t>(places.size()), pipeline.stages.end(),
            std::back_inserter(ordered));
  pipeline.stages = std::move(ordered);
}

void Retire(std::string_view stage_id, PipelineAt& pipeline) {
  const auto stage =
      std::find_if(pipeline.stages.begin(), pipeline.stages.end(),
                   [stage_id](const StageAt& each) { return each.stage.stage_id() == stage_id; });
  if (stage == pipeline.stages.end()) return;
  stage->retiring = true;
  stage->retired = true;
  std::rotate(stage, stage + 1, pipeline.stages.end());
}

void Add(const events::v1::StageAdded& event, PipelineAt& pipeline) {
  const auto index =
      std::clamp<ptrdiff_t>(event.index(), 0, static_cast<ptrdiff_t>(LiveCount(pipeline)));
  pipeline.stages.insert(pipeline.stages.begin() + index, StageAt{.stage = event.stage()});
}

void ChangeExitCriteria(const events::v1::StageExitCriteriaChanged& event, PipelineAt& pipeline) {
  StageAt* stage = MutableStage(pipeline, event.stage_id());
  if (stage == nullptr) return;
  stage->stage.set_objective(event.objective());
  *stage->stage.mutable_actions() = event.actions();
  *stage->stage.mutable_required_fields() = event.required_fields();
}

void ChangeProbability(const events::v1::StageProbabilityChanged& event, PipelineAt& pipeline) {
  StageAt* stage = MutableStage(pipeline, event.stage_id());
  if (stage == nullptr) return;
  if (event.has_probability()) {
    stage->stage.set_probability(event.probability());
  } else {
    stage->stage.clear_probability();
  }
}

void Create(const events::v1::PipelineCreated& event, PipelineAt& pipeline) {
  pipeline.display_name = event.display_name();
  pipeline.rules = event.rules();
  for (const events::v1::Stage& stage : event.stages()) pipeline.stages.push_back({.stage = stage});
}

void ApplyTo(PipelineAt& pipeline, const PipelineEvent& event) {
  switch (event.kind_case()) {
    case PipelineEvent::kPipelineCreated:
      return Create(event.pipeline_created(), pipeline);
    case PipelineEvent::kPipelineRenamed:
      pipeline.display_name = event.pipeline_renamed().display_name();
      return;
    case PipelineEvent::kPipelineArchived:
      pipeline.archived = true;
      return;
    case PipelineEvent::kStageAdded:
      return Add(event.stage_added(), pipeline);
    case PipelineEvent::kStageRenamed:
      if (StageAt* stage = MutableStage(pipeline, event.stage_renamed().stage_id())) {
        stage->stage.set_label(event.stage_renamed().label());
      }
      return;
    case PipelineEvent::kStagesReordered:
      return Reorder(event.stages_reordered(), pipeline);
    case PipelineEvent::kStageProbabilityChanged:
      return ChangeProbability(event.stage_probability_changed(), pipeline);
    case PipelineEvent::kStageRotThresholdChanged:
      if (StageAt* stage = MutableStage(pipeline, event.stage_rot_threshold_changed().stage_id())) {
        stage->stage.set_rot_threshold_seconds(
            event.stage_rot_threshold_changed().rot_threshold_seconds());
      }
      return;
    case PipelineEvent::kStageExitCriteriaChanged:
      return ChangeExitCriteria(event.stage_exit_criteria_changed(), pipeline);
    case PipelineEvent::kStageRetirementStarted:
      if (StageAt* stage = MutableStage(pipeline, event.stage_retirement_started().stage_id())) {
        stage->retiring = true;
      }
      return;
    case PipelineEvent::kStageRetired:
      return Retire(event.stage_retired().stage_id(), pipeline);
    case PipelineEvent::kTransitionRulesChanged:
      pipeline.rules = event.transition_rules_changed().rules();
      return;
    case PipelineEvent::kDefaultPipelineChanged:
      pipeline.is_default = event.default_pipeline_changed().is_default();
      return;
    case PipelineEvent::KIND_NOT_SET:
      return;
  }
}

}  // namespace

const StageAt* PipelineAt::Find(std::string_view stage_id) const {
  for (const StageAt& stage : stages) {
    if (stage.stage.stage_id() == stage_id) return &stage;
  }
  return nullptr;
}

void PipelinesView::Apply(std::string_view stream_id, const HistoryEvent& event) {
  const auto [found, is_new] = by_id_.try_emplace(std::string(stream_id), records_.size());
  const size_t index = found->second;
  if (is_new) records_.emplace_back().id = std::string(stream_id);
  Record& record = records_[index];
  const PipelineEvent& change = event.event.pipeline();
  auto at = record.revisions.end();
  while (at - record.revisions.begin() > 1 && (at - 1)->occurred_us > event.occurred_us) --at;
  record.revisions.insert(at, {event.position, event.revision, event.occurred_us, change});
  record.newest_position = std::max(record.newest_position, event.position);
  record.latest_us = std::max(record.latest_us, event.occurred_us);
  {
    const base::MutexLock lock(record.mu);
    record.newest = nullptr;
    record.past = nullptr;
  }
  for (const events::v1::Stage& stage : change.pipeline_created().stages()) {
    by_stage_[stage.stage_id()] = index;
  }
  if (change.has_stage_added()) by_stage_[change.stage_added().stage().stage_id()] = index;
}

PipelineAt PipelinesView::FoldRecord(const Record& record, const Horizon& horizon) {
  PipelineAt pipeline;
  pipeline.id = record.id;
  pipeline.created_us = record.revisions.front().occurred_us;
  for (const Revision& revision : record.revisions) {
    const bool creation = &revision == &record.revisions.front();
    if (!creation && !horizon.Includes(revision.position, revision.occurred_us)) continue;
    pipeline.revision = std::max(pipeline.revision, revision.revision);
    ApplyTo(pipeline, revision.event);
  }
  return pipeline;
}

PipelinesView::Shared PipelinesView::SharedAt(const Record& record, const Horizon& horizon) {
  const bool is_newest = horizon.Includes(record.newest_position, record.latest_us);
  const base::MutexLock lock(record.mu);
  Shared& folded = is_newest ? record.newest : record.past;
  if (!folded || (!is_newest && record.past_horizon != horizon)) {
    folded = std::make_shared<const PipelineAt>(FoldRecord(record, horizon));
    if (!is_newest) record.past_horizon = horizon;
  }
  return folded;
}

PipelinesView::Shared PipelinesView::At(std::string_view pipeline_id,
                                        const Horizon& horizon) const {
  const auto found = by_id_.find(base::View(pipeline_id));
  if (found == by_id_.end()) return nullptr;
  const Record& record = records_[found->second];
  if (!horizon.Knows(record.revisions.front().position)) return nullptr;
  return SharedAt(record, horizon);
}

std::vector<PipelinesView::Shared> PipelinesView::All(const Horizon& horizon) const {
  std::vector<Shared> all;
  for (const Record& record : records_) {
    if (!horizon.Knows(record.revisions.front().position)) continue;
    all.push_back(SharedAt(record, horizon));
  }
  std::sort(all.begin(), all.end(), [](const Shared& a, const Shared& b) { return a->id < b->id; });
  return all;
}

std::string_view PipelinesView::PipelineOf(std::string_view stage_id) const {
  const auto found = by_stage_.find(base::View(stage_id));
  return found == by_stage_.end() ? std::string_view() : records_[found->second].id;
}

ViewDefinition PipelinesViewDefinition() {
  return {.name = kPipelinesView, .version = 1, .make_state = [] {
            return std::make_unique<PipelinesView>();
          }};
}

}  // namespace dealog::projections
