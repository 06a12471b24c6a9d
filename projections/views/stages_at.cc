#include "projections/views/stages_at.h"

namespace dealog::projections {

const StageAt* StagesAt::Find(std::string_view stage_id) {
  const std::string_view pipeline = view_->PipelineOf(stage_id);
  auto found = seen_.find(pipeline);
  if (found == seen_.end()) {
    found = seen_.try_emplace(std::string(pipeline)).first;
    found->second.at_horizon = view_->At(pipeline, horizon_);
  }
  Seen& seen = found->second;
  if (!seen.at_horizon) return nullptr;
  if (const StageAt* stage = seen.at_horizon->FindStage(stage_id)) return stage;
  if (!seen.whole) seen.whole = view_->At(pipeline, horizon_.WithoutAsOf());
  return seen.whole->FindStage(stage_id);
}

}  // namespace dealog::projections
