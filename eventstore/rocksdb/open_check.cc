#include "eventstore/rocksdb/open_check.h"

#include <optional>
#include <string>

#include "eventstore/apply.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"
#include "eventstore/rocksdb/limits.h"

namespace dealog::eventstore {
namespace {

absl::Status CheckCommits(const LogReader& reader, const storage::v1::BatchHeader& header) {
  for (const storage::v1::CommitDigest& digest : header.commits()) {
    const std::string key =
        CommitKey(digest.tenant(), digest.last_position(), digest.eventless_recorded_at_us());
    ASSIGN_OR_RETURN(const CommitPtr commit, reader.ReadCommit(key));
    if (!HasDigest(*commit, digest)) {
      return CorruptCommit(key, "its SHA-256 is not the one that its batch names");
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool HasDigest(const StoredCommit& commit, const storage::v1::CommitDigest& digest) {
  return base::AsView(base::Sha256(commit.bytes())) == digest.sha256();
}

absl::StatusOr<PartitionHead> CheckPartitionEnd(const LogDatabase& database,
                                                const LogReader& reader, PartitionId partition) {
  PartitionHead head{.digest = std::string(kDigestBytes, '\0')};
  PrefixRows rows(database, Family::kBatches, PartitionPrefix(partition));
  rows.SeekToLast();
  std::optional<std::string> expected_digest;  // What the batch after it names.
  uint64_t expected_number = rows.Valid() ? rows.number() : 0;
  for (size_t checked = 0; rows.Valid() && checked < kBatchesCheckedOnOpen; ++checked) {
    const BatchNumber number{expected_number};
    if (rows.number() != number.value) return CorruptBatch(partition, number, "it is missing");
    ASSIGN_OR_RETURN(const auto header, ParseBatchHeader(partition, number, rows.value()));
    if (!expected_digest) {
      head = HeadAfter(header);
      RETURN_IF_ERROR(CheckCommits(reader, header));
    } else if (*expected_digest != header.digest()) {
      return CorruptBatch(partition, number, "its digest is not the one that the next batch names");
    }
    expected_digest = header.previous_digest();
    --expected_number;
    rows.Prev();
  }
  RETURN_IF_ERROR(rows.status());
  if (!rows.Valid() && expected_digest) {
    if (expected_number != 0) {
      return CorruptBatch(partition, BatchNumber{expected_number}, "it is missing");
    }
    if (*expected_digest != std::string(kDigestBytes, '\0')) {
      return CorruptBatch(partition, BatchNumber{1}, "it names a batch before it");
    }
  }
  return head;
}

}  // namespace dealog::eventstore
