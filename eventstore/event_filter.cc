#include "eventstore/event_filter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/apply.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {

EventMatcher::EventMatcher(const EventFilter& filter)
    : matches_all_(filter.MatchesAll()),
      streams_(filter.streams.begin(), filter.streams.end()),
      stream_types_(filter.stream_types.begin(), filter.stream_types.end()),
      event_types_(filter.event_types.begin(), filter.event_types.end()) {}

bool EventMatcher::StreamMatches(const storage::v1::StreamName& stream) const {
  return (stream_types_.empty() || stream_types_.contains(stream.type())) &&
         (streams_.empty() || streams_.contains(StreamId{stream.type(), stream.id()}));
}

bool EventMatcher::MayMatch(const StoredCommit& commit) const {
  if (matches_all_) return true;
  const auto types = commit.types();
  if (!event_types_.empty() &&
      std::none_of(types.begin(), types.end(), [this](std::string_view type) {
        return event_types_.contains(base::View(type));
      })) {
    return false;
  }
  if (streams_.empty() && stream_types_.empty()) return true;
  const auto& streams = commit.header().streams();
  return std::any_of(streams.begin(), streams.end(),
                     [this](const auto& written) { return StreamMatches(written.stream()); });
}

absl::StatusOr<bool> EventMatcher::Matches(const PageEvent& event) {
  if (matches_all_) return true;
  RETURN_IF_ERROR(ParseEventHeader(event, header_));
  return (event_types_.empty() || event_types_.contains(header_.type())) &&
         StreamMatches(header_.stream());
}

absl::Status ParseEventHeader(const PageEvent& event, storage::v1::EventHeader& header) {
  const std::string_view bytes = event.view().header;
  if (header.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return CorruptCommit(CommitKey(*event.commit),
                       absl::StrCat("the header of the event at position ", event.position().value,
                                    " does not parse"));
}

size_t EventBytes(const EventView& event) {
  size_t bytes = event.header.size() + event.payload.size();
  for (const std::string_view part : event.sealed) bytes += part.size();
  return bytes;
}

}  // namespace dealog::eventstore
