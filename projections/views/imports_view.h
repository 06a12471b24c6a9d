#pragma once

// Import jobs and their progress. Rows: as every StreamView.

#include "projections/states/import.h"
#include "projections/states/stream_types.h"
#include "projections/views/reads.h"
#include "projections/views/state_view.h"

namespace dealog::projections {

// Thread safety: as ViewState.
class ImportsView final : public Copied<ImportsView, StateView<states::ImportState>> {
 public:
  ImportsView() : Copied({states::kImportStream}) {}

  const RecordMap<states::ImportState>& imports() const { return table<states::ImportState>(); }
};

ViewDefinition ImportsViewDefinition();

}  // namespace dealog::projections
