#include "projections/views/pipelines_view.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/states/stream_types.h"

namespace dealog::projections {

PipelinesView::PipelinesView() : Copied({states::kPipelineStream}) {}

absl::Status PipelinesView::Apply(const StreamEvent& event) {
  Record& record = records_.Edit(event.id);
  RETURN_IF_ERROR(CheckOrder(event, record.latest.revision));
  record.latest.Apply(event.event, event.meta);
  record.newest_position = std::max(record.newest_position, event.meta.position);
  record.latest_us = std::max(record.latest_us, event.meta.occurred_at_us);
  Known& known = record.events.emplace_back(Known{event.meta, event.event});
  known.meta.principal = {};
  record.answers = std::make_shared<Answers>();
  for (const StageAt& stage : record.latest.stages) {
    if (!by_stage_->contains(stage.id())) by_stage_.Edit().emplace(stage.id(), event.id);
  }
  return absl::OkStatus();
}

bool PipelinesView::IsKnown(const Record& record, const Horizon& horizon) {
  return horizon.Knows(record.events.front().meta.position);
}

PipelineAt PipelinesView::FoldRecord(const Record& record, const Horizon& horizon) {
  PipelineAt pipeline(record.latest.pipeline_id);
  for (const Known& known : record.events) {
    // Before it was created, it shows as it was created.
    const bool creation = &known == &record.events.front();
    if (creation || horizon.Includes(known.meta.position, known.meta.occurred_at_us)) {
      pipeline.Apply(known.event, known.meta);
    }
  }
  return pipeline;
}

PipelinesView::Shared PipelinesView::SharedAt(const Record& record, const Horizon& horizon) {
  const bool is_newest = horizon.Includes(record.newest_position, record.latest_us);
  Answers& answers = *record.answers;
  const base::MutexLock lock(answers.mu);
  Shared& folded = is_newest ? answers.newest : answers.past;
  if (!folded || (!is_newest && answers.past_horizon != horizon)) {
    folded =
        std::make_shared<const PipelineAt>(is_newest ? record.latest : FoldRecord(record, horizon));
    if (!is_newest) answers.past_horizon = horizon;
  }
  return folded;
}

PipelinesView::Shared PipelinesView::At(std::string_view pipeline_id,
                                        const Horizon& horizon) const {
  const Record* const record = records_.Find(pipeline_id);
  if (record == nullptr || !IsKnown(*record, horizon)) return nullptr;
  return SharedAt(*record, horizon);
}

std::vector<PipelinesView::Shared> PipelinesView::All(const Horizon& horizon) const {
  std::vector<Shared> all;
  for (const auto& [id, record] : records_) {
    if (IsKnown(record, horizon)) all.push_back(SharedAt(record, horizon));
  }
  return all;
}

std::string_view PipelinesView::PipelineOf(std::string_view stage_id) const {
  const auto found = by_stage_->find(base::View(stage_id));
  return found == by_stage_->end() ? std::string_view() : found->second;
}

ViewDefinition PipelinesViewDefinition() {
  return {.name = kPipelinesView, .version = 2, .make_state = [] {
            return std::make_unique<PipelinesView>();
          }};
}

}  // namespace dealog::projections
