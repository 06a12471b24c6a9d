#pragma once

// Import jobs and their progress. Row: import id -> dealog.v1.Import.

#include <cstdint>
#include <string>

#include "dealog/events/v1/import.pb.h"
#include "dealog/v1/imports.pb.h"
#include "projections/projection.h"
#include "projections/views/message_table.h"

namespace dealog::projections {

inline constexpr std::string_view kImportsView = "imports";

// Puts an event's news into `import`. The view and the jobs, which read the import's stream before
// the view has caught up, tell an import alike because both go through here.
void FoldImportEvent(const events::v1::ImportEvent& event, int64_t recorded_at_us,
                     v1::Import& import);
// The parts of it that a running job knows before they are written.
void FoldImportProgress(const events::v1::ImportProgressed& progressed, v1::Import& import);
void FoldImportReplacements(const events::v1::ImportCompleted& completed, v1::Import& import);

// Thread safety: as ViewState.
class ImportsView final : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) override;
  void FlushRows(RowSink& sink) override { imports_.FlushRows(sink); }
  absl::Status LoadRow(std::string_view key, std::string_view value) override {
    return imports_.LoadRow(key, value).status();
  }
  size_t RowCount() const override { return imports_.size(); }

  const MessageTable<v1::Import>& imports() const { return imports_; }

 private:
  MessageTable<v1::Import> imports_;
};

ViewDefinition ImportsViewDefinition();

}  // namespace dealog::projections
