#include "projections/runtime/fold.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {
namespace {

// Stands for all that found no place in a slot's list.
constexpr char kTooMany[] = "0";

google::protobuf::ArenaOptions OptionsOver(std::vector<char>& block) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  return options;
}

void Count(const std::string& path, UnknownKinds& unknown) {
  const bool fits = unknown.size() < kUnknownKindsMax && path.size() <= kUnknownPathMax;
  ++unknown[fits || unknown.contains(path) ? path : kTooMany];
}

}  // namespace

CommitParser::CommitParser() : first_block_(kArenaBlockBytes), arena_(OptionsOver(first_block_)) {}

const ParsedCommit& CommitParser::Parse(const eventstore::StoredCommit& stored) {
  arena_.Reset();
  commit_.stored = &stored;
  commit_.events.clear();
  commit_.unknown.clear();
  commit_.status = ParseEvents(stored);
  return commit_;
}

absl::Status CommitParser::ParseEvents(const eventstore::StoredCommit& stored) {
  for (size_t i = 0; i < stored.event_count(); ++i) {
    const eventstore::EventView& view = stored.event(i);
    auto* header = google::protobuf::Arena::CreateMessage<storage::v1::EventHeader>(&arena_);
    auto* event = google::protobuf::Arena::CreateMessage<events::v1::Event>(&arena_);
    if (!header->ParseFromArray(view.header.data(), static_cast<int>(view.header.size())) ||
        !event->ParseFromArray(view.payload.data(), static_cast<int>(view.payload.size()))) {
      return base::Error(
          absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
          absl::StrCat("the event at position ", stored.first_position().value + i, " of tenant ",
                       std::string(stored.tenant()), " does not parse; see `dealog log verify`"));
    }
    commit_.events.push_back({*header, *event});
    for (std::string& path : EventFields().Find(view.payload)) {
      commit_.unknown.push_back(std::move(path));
    }
  }
  return absl::OkStatus();
}

absl::Status FoldInto(ViewState& state, SlotPoint& point, const ParsedCommit& commit) {
  DEALOG_CHECK(point.position.value + 1 == commit.stored->first_position().value)
      << "folded up to " << point.position.value << ", the commit begins at "
      << commit.stored->first_position().value;
  RETURN_IF_ERROR(commit.status);
  for (const FoldedEvent& event : commit.events) RETURN_IF_ERROR(state.Fold(event));
  state.CommitDone();
  point.position = commit.stored->last_position();
  for (const std::string& path : commit.unknown) Count(path, point.unknown);
  return absl::OkStatus();
}

const base::UnknownFields& EventFields() {
  static const auto* const fields = new base::UnknownFields(*events::v1::Event::descriptor());
  return *fields;
}

bool KnowsOneOf(const UnknownKinds& unknown) {
  return std::any_of(unknown.begin(), unknown.end(), [](const auto& kind) {
    return kind.first == kTooMany || EventFields().Knows(kind.first);
  });
}

}  // namespace dealog::projections
