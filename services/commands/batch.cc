#include "services/commands/batch.h"

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/error.h"

namespace dealog::commands {

bool Batch::full() const {
  // One more commit of the largest size must still fit.
  return answers.size() >= commands_max ||
         commit_bytes > eventstore::kBatchBytesMax - eventstore::kCommitBytesMax;
}

bool Batch::Settle(const std::vector<absl::StatusOr<eventstore::AppendedCommit>>& outcomes,
                   eventstore::PartitionId partition, uint64_t owner_epoch) {
  DEALOG_CHECK(outcomes.size() == commits.size()) << outcomes.size() << " outcomes";
  bool as_staged = true;
  for (Answer& answer : answers) {
    if (!answer.commit.has_value()) {
      if (!as_staged) {
        answer.result = base::Error(absl::StatusCode::kAborted, "REVISION_CONFLICT",
                                    "an earlier command of the same write was refused by the log; "
                                    "send the command again");
      }
      continue;
    }
    const absl::StatusOr<eventstore::AppendedCommit>& outcome = outcomes[*answer.commit];
    if (!outcome.ok()) {
      as_staged = false;
      answer.result = outcome.status();
      continue;
    }
    CommandResult& result = *answer.result;
    DEALOG_CHECK(!as_staged || result.position == outcome->last)
        << "decided for position " << result.position.value << ", written at "
        << outcome->last.value;
    result.position = outcome->last;
    result.recorded_at_us = outcome->recorded_at_us;
    result.subject_revision = outcome->subject_revision.value;
    result.token = EncodeToken(partition, owner_epoch, outcome->last);
  }
  return as_staged;
}

void Batch::Fail(const absl::Status& failure) {
  for (Answer& answer : answers) answer.result = failure;
}

size_t Batch::Reply() {
  size_t bytes = 0;
  for (Answer& answer : answers) {
    bytes += answer.command->ApproximateBytes();
    answer.command->Done(std::move(answer.result));
    answer.command.reset();
  }
  return bytes;
}

}  // namespace dealog::commands
