#include "projections/views/history_view.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "projections/views/row_codec.h"

namespace dealog::projections {

absl::Status HistoryView::Fold(const FoldedEvent& folded) {
  if (!Wants(folded.event)) return absl::OkStatus();
  const storage::v1::EventHeader& header = folded.header;
  const std::string key = absl::StrCat(header.stream().type(), "/", header.stream().id());
  Row& row = rows_[key];
  RowWriter writer(row.bytes);
  writer.Unsigned(header.position());
  writer.Unsigned(header.revision());
  writer.Signed(header.recorded_at_us());
  writer.Signed(header.occurred_at_us());
  writer.Text(folded.event.SerializeAsString());
  if (!std::exchange(row.dirty, true)) dirty_.push_back(key);
  Apply(header.stream().id(), {.position = header.position(),
                               .revision = header.revision(),
                               .recorded_us = header.recorded_at_us(),
                               .occurred_us = header.occurred_at_us(),
                               .event = folded.event});
  return absl::OkStatus();
}

void HistoryView::FlushRows(RowSink& sink) {
  for (const std::string& key : dirty_) {
    Row& row = rows_[key];
    row.dirty = false;
    sink.Put(key, row.bytes);
  }
  dirty_.clear();
}

absl::Status HistoryView::LoadRow(std::string_view key, std::string_view value) {
  const size_t slash = key.find('/');
  RowReader reader(value);
  bool parsed = slash != std::string_view::npos && !value.empty();
  events::v1::Event event;
  while (parsed && !reader.AtEnd()) {
    const uint64_t position = reader.Unsigned();
    const uint64_t revision = reader.Unsigned();
    const int64_t recorded = reader.Signed();
    const int64_t occurred = reader.Signed();
    const std::string_view bytes = reader.Text();
    parsed = reader.ok() && event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
             Wants(event);
    if (parsed) Apply(key.substr(slash + 1), {position, revision, recorded, occurred, event});
  }
  if (!parsed) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("row ", absl::CEscape(base::View(key)),
                                    " of a view does not parse; rebuild the view"));
  }
  rows_.emplace(std::string(key), Row{.bytes = std::string(value)});
  return absl::OkStatus();
}

}  // namespace dealog::projections
