#pragma once

// Folding one commit into one view of one tenant: the same for who follows and for who catches up.

#include <google/protobuf/arena.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/unknown_fields.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"
#include "projections/view_store.h"

namespace dealog::projections {

// A commit with every header and payload parsed once, for all views that fold it.
struct ParsedCommit {
  const eventstore::StoredCommit* stored = nullptr;
  // DATA_LOSS / CORRUPT_RECORD names the position of the first event that does not parse.
  absl::Status status;
  std::vector<FoldedEvent> events;
  std::vector<std::string> unknown;  // Paths of fields that this build does not have.
};

// Thread safety: none. What Parse returned is valid until it is called again.
class CommitParser {
 public:
  CommitParser();
  const ParsedCommit& Parse(const eventstore::StoredCommit& stored);

 private:
  absl::Status ParseEvents(const eventstore::StoredCommit& stored);

  std::vector<char> first_block_;
  google::protobuf::Arena arena_;
  ParsedCommit commit_;
};

// Folds the commit that follows `point` (checked) and moves `point` behind it. After an error the
// state must not be used any more, and `point` stays.
absl::Status FoldInto(ViewState& state, SlotPoint& point, const ParsedCommit& commit);

// The fields of all events that this build has.
const base::UnknownFields& EventFields();
// True if a build of today would fold other rows than one that did not know these.
bool KnowsOneOf(const UnknownKinds& unknown);

}  // namespace dealog::projections
