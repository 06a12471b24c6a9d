#pragma once

// A view whose rows are its streams' events, whole: for aggregates that are few or change rarely
// (pipelines, members, products, organizations, the tenant). One row per stream:
//
//   key = stream type "/" stream id      value = { position revision recorded occurred event }

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "projections/projection.h"

namespace dealog::projections {

// What a view keeps of one event.
struct HistoryEvent {
  uint64_t position = 0;
  uint64_t revision = 0;
  int64_t recorded_us = 0;
  int64_t occurred_us = 0;
  const events::v1::Event& event;
};

// Thread safety: as ViewState. Derived classes say which events they want and fold them in Apply.
class HistoryView : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) final;
  void FlushRows(RowSink& sink) final;
  absl::Status LoadRow(std::string_view key, std::string_view value) final;
  size_t RowCount() const final { return rows_.size(); }

 protected:
  virtual bool Wants(const events::v1::Event& event) const = 0;
  // In stream order per stream; streams in any order.
  virtual void Apply(std::string_view stream_id, const HistoryEvent& event) = 0;

 private:
  struct Row {
    std::string bytes;
    bool dirty = false;
  };
  absl::flat_hash_map<std::string, Row> rows_;
  std::vector<std::string> dirty_;  // Keys of rows_ whose dirty is set.
};

}  // namespace dealog::projections
