#pragma once

// Batch headers and the chain of their digests. A batch is stored as a storage.v1.BatchHeader;
// its commits are stored once, under their own keys.
//
//   digest   = SHA-256(preimage)
//   preimage = u32 format, u32 partition, u64 number, u64 owner_epoch, previous_digest (32 bytes),
//              i64 written_at_us, u32 count, count × commit
//   commit   = u32 length, tenant, u64 last_position, sha256 (32 bytes)
//   integers are big-endian; i64 is two's complement
//
// Every part has a fixed or an explicit length: no two different headers share a preimage.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

inline constexpr uint32_t kBatchFormat = 1;
inline constexpr size_t kDigestBytes = 32;

// The digest that `header` must carry, 32 bytes.
std::string BatchDigestOf(const storage::v1::BatchHeader& header);

// The header of the batch that follows `head` and holds `commits`.
storage::v1::BatchHeader MakeBatchHeader(PartitionId partition, const PartitionHead& head,
                                         int64_t written_at_us, std::span<const CommitPtr> commits);

// Reads a stored header and checks all that it says of itself: format, sizes, digest. The error
// (DATA_LOSS / CORRUPT_RECORD) names the batch as `partition` and `number`, where it was stored.
absl::StatusOr<storage::v1::BatchHeader> ParseBatchHeader(PartitionId partition, BatchNumber number,
                                                          std::string_view bytes);

// The head after that batch.
PartitionHead HeadAfter(const storage::v1::BatchHeader& header);

// DATA_LOSS / CORRUPT_RECORD about a batch.
absl::Status CorruptBatch(PartitionId partition, BatchNumber number, std::string_view what);

}  // namespace dealog::eventstore
