#pragma once

// What lies in frames of batches and of commits. Every length is explicit, nothing may follow.
//
//   batches = batch*            of one partition, in order
//   batch   = u32 length, storage.v1.BatchHeader
//             u32 count, count × (u32 length, commit)
//   commits = (u32 length, commit)*     of one tenant, in order
//   commit  = as the log stores it (commit_codec.h)
//   u32     = big-endian

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// A batch and its commits. Lives as long as whoever owns them.
struct BatchRecord {
  const storage::v1::BatchHeader& header;
  std::span<const CommitPtr> commits;
};

void AppendBatchRecord(const storage::v1::BatchHeader& header, std::span<const CommitPtr> commits,
                       std::string& out);
void AppendCommitRecord(std::string_view commit, std::string& out);

// Reads any bytes whatsoever. Checked of each batch: its header has the digest that it names, its
// commits are well-formed and those that the header names. DATA_LOSS / CORRUPT_RECORD if not; an
// error of `take` ends the reading and is returned.
absl::Status ParseBatchRecords(std::string_view content, PartitionId partition,
                               absl::FunctionRef<absl::Status(const BatchRecord&)> take);
absl::Status ParseCommitRecords(std::string_view content,
                                absl::FunctionRef<absl::Status(const CommitPtr&)> take);

}  // namespace dealog::eventstore
