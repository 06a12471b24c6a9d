#include "projections/runtime/parsed_batch.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {
namespace {

google::protobuf::ArenaOptions OptionsOver(std::vector<char>& block) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  return options;
}

}  // namespace

BatchParser::BatchParser() : first_block_(kArenaBlockBytes), arena_(OptionsOver(first_block_)) {}

absl::Status BatchParser::Parse(const eventstore::StoredBatch& batch) {
  arena_.Reset();
  count_ = 0;
  if (commits_.size() < batch.commits.size()) commits_.resize(batch.commits.size());
  for (const eventstore::CommitPtr& stored : batch.commits) {
    RETURN_IF_ERROR(ParseCommit(*stored, commits_[count_]));
    ++count_;
  }
  return absl::OkStatus();
}

absl::Status BatchParser::ParseCommit(const eventstore::StoredCommit& stored, Commit& commit) {
  commit.stored = &stored;
  commit.events.clear();
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
    commit.events.push_back({*header, *event});
  }
  return absl::OkStatus();
}

}  // namespace dealog::projections
