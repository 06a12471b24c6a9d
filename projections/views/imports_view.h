#pragma once

// Import jobs and their progress. Row: import id -> dealog.v1.Import.

#include <cstdint>
#include <string>

#include "dealog/v1/imports.pb.h"
#include "projections/projection.h"
#include "projections/views/message_table.h"

namespace dealog::projections {

inline constexpr std::string_view kImportsView = "imports";

// Thread safety: as ViewState.
class ImportsView final : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) override;
  // A job's rows are written in the commits that hold its progress: their events are the job's.
  void CommitDone() override;
  void FlushRows(RowSink& sink) override { imports_.FlushRows(sink); }
  absl::Status LoadRow(std::string_view key, std::string_view value) override {
    return imports_.LoadRow(key, value).status();
  }
  size_t RowCount() const override { return imports_.size(); }

  const MessageTable<v1::Import>& imports() const { return imports_; }

 private:
  MessageTable<v1::Import> imports_;
  // Of the commit at hand: the job that progressed, and events that are not about jobs.
  std::string commit_import_;
  int64_t commit_events_ = 0;
};

ViewDefinition ImportsViewDefinition();

}  // namespace dealog::projections
