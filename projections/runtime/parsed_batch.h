#pragma once

// A batch with every header and payload parsed once, for all views that fold it.

#include <google/protobuf/arena.h>

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"

namespace dealog::projections {

// Thread safety: none. Messages live until the next Parse.
class BatchParser {
 public:
  struct Commit {
    const eventstore::StoredCommit* stored = nullptr;
    std::vector<FoldedEvent> events;
  };

  BatchParser();
  // DATA_LOSS / CORRUPT_RECORD names the position of the first event that does not parse; the
  // commits before it are there.
  absl::Status Parse(const eventstore::StoredBatch& batch);
  std::span<const Commit> commits() const { return {commits_.data(), count_}; }

 private:
  absl::Status ParseCommit(const eventstore::StoredCommit& stored, Commit& commit);

  std::vector<char> first_block_;
  google::protobuf::Arena arena_;
  std::vector<Commit> commits_;  // Kept beyond count_, so that their vectors are reused.
  size_t count_ = 0;
};

}  // namespace dealog::projections
