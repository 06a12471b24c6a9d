#include "projections/views/pipelines_view.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/states/stream_types.h"

namespace dealog::projections {

PipelinesView::PipelinesView() : StreamView({states::kPipelineStream}) {}

absl::Status PipelinesView::Apply(const StreamEvent& event) {
  const auto [found, is_new] = by_id_.try_emplace(base::View(event.id), records_.size());
  const size_t index = found->second;
  if (is_new) records_.emplace_back(event.id);
  Record& record = records_[index];
  RETURN_IF_ERROR(CheckOrder(event, record.latest.revision));
  record.latest.Apply(event.event, event.meta);
  record.newest_position = std::max(record.newest_position, event.meta.position);
  record.latest_us = std::max(record.latest_us, event.meta.occurred_at_us);
  Known& known = record.events.emplace_back(Known{event.meta, event.event});
  known.meta.principal = {};
  {
    const base::MutexLock lock(record.mu);
    record.newest = nullptr;
    record.past = nullptr;
  }
  for (const StageAt& stage : record.latest.stages) by_stage_.try_emplace(stage.id(), index);
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
  const base::MutexLock lock(record.mu);
  Shared& folded = is_newest ? record.newest : record.past;
  if (!folded || (!is_newest && record.past_horizon != horizon)) {
    folded =
        std::make_shared<const PipelineAt>(is_newest ? record.latest : FoldRecord(record, horizon));
    if (!is_newest) record.past_horizon = horizon;
  }
  return folded;
}

PipelinesView::Shared PipelinesView::At(std::string_view pipeline_id,
                                        const Horizon& horizon) const {
  const auto found = by_id_.find(base::View(pipeline_id));
  if (found == by_id_.end()) return nullptr;
  const Record& record = records_[found->second];
  if (!IsKnown(record, horizon)) return nullptr;
  return SharedAt(record, horizon);
}

std::vector<PipelinesView::Shared> PipelinesView::All(const Horizon& horizon) const {
  std::vector<Shared> all;
  for (const Record& record : records_) {
    if (!IsKnown(record, horizon)) continue;
    all.push_back(SharedAt(record, horizon));
  }
  std::sort(all.begin(), all.end(),
            [](const Shared& a, const Shared& b) { return a->pipeline_id < b->pipeline_id; });
  return all;
}

std::string_view PipelinesView::PipelineOf(std::string_view stage_id) const {
  const auto found = by_stage_.find(base::View(stage_id));
  return found == by_stage_.end() ? std::string_view() : records_[found->second].latest.pipeline_id;
}

ViewDefinition PipelinesViewDefinition() {
  return {.name = kPipelinesView, .version = 2, .make_state = [] {
            return std::make_unique<PipelinesView>();
          }};
}

}  // namespace dealog::projections
