#include "projections/views/stream_view.h"

#include <algorithm>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "projections/views/row_codec.h"

namespace dealog::projections {
namespace {

constexpr size_t kRevisionBytes = 8;

// "type/id/" and the revision.
std::string RowKey(const storage::v1::EventHeader& header) {
  std::string key = absl::StrCat(header.stream().type(), "/", header.stream().id(), "/");
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(header.revision() >> shift));
  }
  return key;
}

struct ParsedKey {
  std::string_view type;
  std::string_view id;
  uint64_t revision = 0;
};

std::optional<ParsedKey> ParseKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos || key.size() < slash + 2 + kRevisionBytes) {
    return std::nullopt;
  }
  const std::string_view id = key.substr(slash + 1, key.size() - slash - 1 - kRevisionBytes);
  if (id.size() < 2 || id.back() != '/') return std::nullopt;
  ParsedKey parsed{.type = key.substr(0, slash), .id = id.substr(0, id.size() - 1)};
  for (const char byte : key.substr(key.size() - kRevisionBytes)) {
    parsed.revision = parsed.revision << 8 | static_cast<uint8_t>(byte);
  }
  return parsed;
}

}  // namespace

bool StreamView::Wants(std::string_view type) const {
  return std::find(types_.begin(), types_.end(), type) != types_.end();
}

absl::Status StreamView::CheckOrder(const StreamEvent& event, uint64_t revision) {
  if (event.meta.revision > revision) return absl::OkStatus();
  return base::Error(
      absl::StatusCode::kInternal, "CORRUPT_RECORD",
      absl::StrCat("stream ", base::View(event.type), "/", base::View(event.id),
                   ": expected a revision after ", revision, ", found ", event.meta.revision,
                   " at position ", event.meta.position, "; see `dealog log verify`"));
}

absl::Status StreamView::Fold(const FoldedEvent& folded) {
  const storage::v1::EventHeader& header = folded.header;
  if (!Wants(header.stream().type())) return absl::OkStatus();
  std::string value;
  RowWriter writer(value);
  writer.Unsigned(header.position());
  writer.Signed(header.recorded_at_us());
  writer.Signed(header.occurred_at_us());
  writer.Text(header.actor().principal());
  // To the end of the row: nothing follows.
  folded.event.AppendToString(&value);
  event_bytes_ += value.size();
  unflushed_.emplace_back(RowKey(header), std::move(value));
  ++row_count_;
  const states::EventMeta meta{.revision = header.revision(),
                               .position = header.position(),
                               .recorded_at_us = header.recorded_at_us(),
                               .occurred_at_us = header.occurred_at_us(),
                               .principal = header.actor().principal()};
  return Apply({header.stream().type(), header.stream().id(), folded.event, meta});
}

void StreamView::FlushRows(RowSink& sink) {
  for (const auto& [key, value] : unflushed_) sink.Put(key, value);
  unflushed_.clear();
  unflushed_.shrink_to_fit();
}

absl::Status StreamView::LoadRow(std::string_view key, std::string_view value) {
  const std::optional<ParsedKey> parsed = ParseKey(key);
  RowReader reader(value);
  states::EventMeta meta;
  meta.position = reader.Unsigned();
  meta.recorded_at_us = reader.Signed();
  meta.occurred_at_us = reader.Signed();
  meta.principal = reader.Text();
  const std::string_view bytes = reader.Rest();
  events::v1::Event event;
  if (!parsed || !reader.ok() || !Wants(parsed->type) ||
      !event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("row ", absl::CEscape(base::View(key)),
                                    " of a view does not parse; rebuild the view"));
  }
  // A state that misses an event would be shown as if it were whole.
  const std::string_view stream = key.substr(0, key.size() - kRevisionBytes);
  const uint64_t expected = stream == loaded_stream_ ? loaded_revision_ + 1 : 1;
  if (parsed->revision != expected) {
    return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                       absl::StrCat("rows of ", base::View(stream), ": expected revision ",
                                    expected, ", found ", parsed->revision, "; rebuild the view"));
  }
  loaded_stream_ = stream;
  loaded_revision_ = meta.revision = parsed->revision;
  ++row_count_;
  event_bytes_ += value.size();
  return Apply({parsed->type, parsed->id, event, meta});
}

}  // namespace dealog::projections
