#pragma once

// Stages as one question sees them.

#include <map>
#include <string>
#include <string_view>

#include "projections/views/horizon.h"
#include "projections/views/pipelines_view.h"

namespace dealog::projections {

// Stages of all pipelines at one horizon: each pipeline is folded at most once.
// Thread safety: none, one question's. Ownership: the view must outlive it.
class StagesAt {
 public:
  StagesAt(const PipelinesView& view, const Horizon& horizon) : view_(&view), horizon_(horizon) {}
  // Any stage of any pipeline; one that was added later than the instant is shown as it was added.
  // nullptr if it was not known.
  const StageAt* Find(std::string_view stage_id);

 private:
  struct Seen {
    PipelinesView::Shared at_horizon;
    PipelinesView::Shared whole;  // Without as_of; made when a stage is not found without it.
  };
  const PipelinesView* view_;
  Horizon horizon_;
  std::map<std::string, Seen, std::less<>> seen_;  // By pipeline.
};

}  // namespace dealog::projections
