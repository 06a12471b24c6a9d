#pragma once

// An auditor's work on a whole log folder: the batches, their order and the chain of their digests,
// and the tree of one tenant, against checkpoints that he kept. Unlike the events that a server
// hands out, a folder shows every byte: the headers of commits and commits without events, too.

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/history_check.h"

namespace dealog::eventstore {

// Thread safety: none.
class LogAudit {
 public:
  // Verified notes of one origin; at least one (checked).
  explicit LogAudit(std::vector<Checkpoint> kept);

  // The next batch of its partition, its own chain and digests checked (log_scan.h). Errors are
  // those of HistoryCheck::Add, and DATA_LOSS / CORRUPT_RECORD for a batch of another digest than a
  // checkpoint names.
  absl::Status Add(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits);
  // After the last batch.
  absl::Status Finish() const;

  const HistoryCheck& history() const { return history_; }

 private:
  absl::Status CompareDigest(const storage::v1::BatchHeader& header);

  HistoryCheck history_;
  std::vector<SignedBatch> batches_;  // That a checkpoint names and that did not come yet.
};

}  // namespace dealog::eventstore
