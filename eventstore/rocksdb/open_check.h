#pragma once

// What is checked of a log before it is used. Internal to this folder.

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/rocksdb/reader.h"

namespace dealog::eventstore {

// The head of a partition, after checking its end: the last kBatchesCheckedOnOpen batch headers
// (each has the digest it names, each names the digest of the one before, numbers dense, back to
// 32 zero bytes before batch 1), and that every commit of the newest batch is there with the
// SHA-256 that the batch names. DATA_LOSS / CORRUPT_RECORD otherwise.
absl::StatusOr<PartitionHead> CheckPartitionEnd(const LogDatabase& database,
                                                const LogReader& reader, PartitionId partition);

// True if the commit has the digest that its batch names.
bool HasDigest(const StoredCommit& commit, const storage::v1::CommitDigest& digest);

}  // namespace dealog::eventstore
