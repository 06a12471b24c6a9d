#pragma once

// The commands that share one synced write, and their answers, held back until its outcome is
// known.

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "services/commands/sequencer.h"

namespace dealog::commands {

// A decided command. `result` is final where nothing is written; else Settle completes it.
struct Answer {
  std::unique_ptr<PendingCommand> command;
  absl::StatusOr<CommandResult> result = CommandResult{};
  std::optional<size_t> commit;  // Its place among the batch's commits.
};

// Thread safety: none. Invariants: commits are in the order in which they were decided.
struct Batch {
  size_t commands_max = eventstore::kCommitsPerBatchMax;
  std::vector<Answer> answers;
  std::vector<eventstore::NewCommit> commits;
  size_t commit_bytes = 0;
  size_t event_count = 0;

  bool full() const;
  // Gives every answer what became of its commit. After a commit that the log refused, answers that
  // wrote nothing are ABORTED: they may have been decided on top of it. Returns false if one was.
  bool Settle(const std::vector<absl::StatusOr<eventstore::AppendedCommit>>& outcomes,
              eventstore::PartitionId partition, uint64_t owner_epoch);
  // Gives every answer the same failure.
  void Fail(const absl::Status& failure);
  // Calls Done of all, in order; returns how much they held in the queue, bytes.
  size_t Reply();
};

}  // namespace dealog::commands
