#pragma once

// Whether an event matches a filter. Indexes only propose commits; this decides.

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// A filter made ready. Thread safety: none (it reuses a message).
class EventMatcher {
 public:
  explicit EventMatcher(const EventFilter& filter);

  // False if no event of the commit can match, judged by its header alone.
  bool MayMatch(const StoredCommit& commit) const;
  // Parses the event's header only if the filter asks for something. DATA_LOSS / CORRUPT_RECORD if
  // that header does not parse.
  absl::StatusOr<bool> Matches(const PageEvent& event);

 private:
  bool StreamMatches(const storage::v1::StreamName& stream) const;

  const bool matches_all_;
  absl::flat_hash_set<StreamId> streams_;
  absl::flat_hash_set<std::string> stream_types_;
  absl::flat_hash_set<std::string> event_types_;
  storage::v1::EventHeader header_;
};

// Parses an event's header into `header`. DATA_LOSS / CORRUPT_RECORD naming tenant and position.
absl::Status ParseEventHeader(const PageEvent& event, storage::v1::EventHeader& header);

// Bytes of an event: header, payload and sealed parts.
size_t EventBytes(const EventView& event);

}  // namespace dealog::eventstore
