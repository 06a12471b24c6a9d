#pragma once

// A view whose rows are its streams' events: what it holds is a fold of them, and nothing of the
// fold is stored. One row per event, written once and never again:
//
//   key   = stream type "/" stream id "/" revision     (8 bytes, big-endian: in stream order)
//   value = position recorded occurred principal event

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "projections/projection.h"
#include "projections/states/aggregate.h"

namespace dealog::projections {

// Thread safety: as ViewState. Ownership: `types` are static. Rows are not kept: those of events
// since the last flush wait for the next, in the state that folded them and in no copy of it.
// Invariants: Apply sees each stream's events in the order of their revisions, also when loading.
class StreamView : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) final;
  void FlushRows(RowSink& sink) final;
  absl::Status LoadRow(std::string_view key, std::string_view value) final;
  size_t RowCount() const final { return row_count_; }
  // What is folded says no more than its events did.
  size_t ApproximateBytes() const final { return ViewState::ApproximateBytes() + event_bytes_; }

 protected:
  // One event of a stream of one of its types. An event of a kind that this build does not know is
  // one as well: it changes nothing but the revision.
  struct StreamEvent {
    std::string_view type;
    std::string_view id;
    const events::v1::Event& event;
    const states::EventMeta& meta;
  };

  explicit StreamView(std::vector<std::string_view> types) : types_(std::move(types)) {}
  StreamView(const StreamView& other)
      : types_(other.types_), row_count_(other.row_count_), event_bytes_(other.event_bytes_) {}
  StreamView& operator=(const StreamView&) = delete;
  // An error: see ViewState::Fold.
  virtual absl::Status Apply(const StreamEvent& event) = 0;
  // INTERNAL unless the event comes after that revision of its stream: a fold that took it would
  // show what no state is. A fault of this tenant's log, and no reason to end the process.
  static absl::Status CheckOrder(const StreamEvent& event, uint64_t revision);

 private:
  bool Wants(std::string_view type) const;

  const std::vector<std::string_view> types_;
  std::vector<std::pair<std::string, std::string>> unflushed_;  // Keys and values.
  size_t row_count_ = 0;
  size_t event_bytes_ = 0;  // Of all rows' events.
  // The row loaded last: the next is its stream's next, or the first of another.
  std::string loaded_stream_;
  uint64_t loaded_revision_ = 0;
};

}  // namespace dealog::projections
