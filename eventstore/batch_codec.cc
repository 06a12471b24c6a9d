#include "eventstore/batch_codec.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {

std::string BatchDigestOf(const storage::v1::BatchHeader& header) {
  std::string preimage;
  preimage.reserve(80 + static_cast<size_t>(header.commits_size()) * 80);
  AppendBig(preimage, header.format());
  AppendBig(preimage, header.partition());
  AppendBig(preimage, header.number());
  AppendBig(preimage, header.owner_epoch());
  preimage.append(header.previous_digest());
  AppendBig(preimage, header.written_at_us());
  AppendBig(preimage, static_cast<uint32_t>(header.commits_size()));
  for (const storage::v1::CommitDigest& commit : header.commits()) {
    AppendBig(preimage, static_cast<uint32_t>(commit.tenant().size()));
    preimage.append(commit.tenant());
    AppendBig(preimage, commit.last_position());
    preimage.append(commit.sha256());
  }
  return std::string(base::AsView(base::Sha256(preimage)));
}

storage::v1::BatchHeader MakeBatchHeader(PartitionId partition, const PartitionHead& head,
                                         int64_t written_at_us,
                                         std::span<const CommitPtr> commits) {
  DEALOG_CHECK(head.digest.size() == kDigestBytes) << head.digest.size();
  storage::v1::BatchHeader header;
  header.set_format(kBatchFormat);
  header.set_partition(partition.value);
  header.set_number(head.number.value + 1);
  header.set_owner_epoch(head.owner_epoch);
  header.set_previous_digest(head.digest);
  header.set_written_at_us(written_at_us);
  header.mutable_commits()->Reserve(static_cast<int>(commits.size()));
  for (const CommitPtr& commit : commits) {
    storage::v1::CommitDigest* entry = header.add_commits();
    entry->set_tenant(std::string(commit->tenant()));
    entry->set_last_position(commit->last_position().value);
    entry->set_sha256(std::string(base::AsView(base::Sha256(commit->bytes()))));
    if (commit->event_count() == 0) {
      entry->set_eventless_recorded_at_us(commit->recorded_at_us());
    }
  }
  header.set_digest(BatchDigestOf(header));
  return header;
}

absl::Status CorruptBatch(PartitionId partition, BatchNumber number, std::string_view what) {
  return base::Error(
      absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
      absl::StrCat("batch ", number.value, " of partition ", partition.value, ": ",
                   base::View(what),
                   "; check the folder with `dealog log verify` and restore it from a backup"));
}

absl::StatusOr<storage::v1::BatchHeader> ParseBatchHeader(PartitionId partition, BatchNumber number,
                                                          std::string_view bytes) {
  storage::v1::BatchHeader header;
  if (!header.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return CorruptBatch(partition, number, "the header does not parse");
  }
  if (header.format() != kBatchFormat) {
    return CorruptBatch(
        partition, number,
        absl::StrCat("expected format ", kBatchFormat, ", found ", header.format()));
  }
  if (header.partition() != partition.value || header.number() != number.value) {
    return CorruptBatch(partition, number,
                        absl::StrCat("the header found there is of batch ", header.number(),
                                     " of partition ", header.partition()));
  }
  bool sizes = header.previous_digest().size() == kDigestBytes;
  for (const auto& commit : header.commits()) sizes &= commit.sha256().size() == kDigestBytes;
  if (!sizes) return CorruptBatch(partition, number, "a digest is not of 32 bytes");
  if (BatchDigestOf(header) != header.digest()) {
    return CorruptBatch(partition, number, "the header does not have the digest that it names");
  }
  return header;
}

PartitionHead HeadAfter(const storage::v1::BatchHeader& header) {
  return {.number = BatchNumber{header.number()},
          .digest = header.digest(),
          .owner_epoch = header.owner_epoch()};
}

}  // namespace dealog::eventstore
