#pragma once

// Pipelines: ordered stages that deals travel through. Every change makes a new revision.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dealog/events/v1/pipeline.pb.h"
#include "projections/states/aggregate.h"
#include "projections/states/dated.h"

namespace dealog::states {

// A stage and how far it is on its way out.
struct PipelineStage {
  enum class Life { kActive, kRetiring, kRetired };
  events::v1::Stage definition;
  Life life = Life::kActive;
  std::string replacement_stage_id;  // Set once it is retiring.

  const std::string& id() const { return definition.stage_id(); }
  events::v1::StageKind kind() const { return definition.kind(); }
  const std::string& label() const { return definition.label(); }
  bool open() const { return kind() == events::v1::STAGE_KIND_OPEN; }
  bool active() const { return life == Life::kActive; }
  bool retired() const { return life == Life::kRetired; }
};

class PipelineState final : public StateOf<PipelineState> {
 public:
  explicit PipelineState(std::string_view stream_id) : pipeline_id(stream_id) {}
  size_t ApproximateBytes() const override;

  // The stage of that id, retired or not; nullptr if there is none.
  const PipelineStage* FindStage(std::string_view stage_id) const;
  // The first active stage of the kind; nullptr if there is none.
  const PipelineStage* FirstActive(events::v1::StageKind kind) const;
  // The active stage where deals of `stage` belong now: itself, or the end of its replacements.
  const PipelineStage& Successor(const PipelineStage& stage) const;
  // Place in the order; retired stages come last.
  size_t IndexOf(const PipelineStage& stage) const { return &stage - stages.data(); }

  std::string pipeline_id;
  Recorded<std::string> display_name;  // Unique.
  events::v1::PipelineSubject subject = events::v1::PIPELINE_SUBJECT_UNSPECIFIED;
  std::vector<PipelineStage> stages;  // In order, those that are retired last.
  events::v1::TransitionRules rules;
  std::string template_name;
  bool is_default = false;
  bool archived = false;
  int64_t created_at_us = 0;       // Business time.
  int64_t last_changed_at_us = 0;  // Business time of the last change; none may come before it.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
  void EvolveStages(const events::v1::PipelineEvent& change);
  void EvolveDefinition(const events::v1::PipelineEvent& change);
  void Reorder(const events::v1::StagesReordered& reordered);
  void Retire(const events::v1::PipelineEvent& change);
  PipelineStage* Mutable(std::string_view stage_id);
};

}  // namespace dealog::states
