#pragma once

// That batches follow each other: dense numbers and the chain of digests, per partition.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// Heads before the first batch.
std::vector<PartitionHead> EmptyHeads(size_t partitions);

// Moves the head on over the next batch; DATA_LOSS / CORRUPT_RECORD unless it is the next one.
absl::Status FollowBatch(const storage::v1::BatchHeader& header, PartitionHead& head);

}  // namespace dealog::eventstore
