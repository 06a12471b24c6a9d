#include "eventstore/backup/chain_check.h"

#include "absl/strings/str_cat.h"
#include "eventstore/batch_codec.h"

namespace dealog::eventstore {

std::vector<PartitionHead> EmptyHeads(size_t partitions) {
  return std::vector<PartitionHead>(partitions, {.digest = std::string(kDigestBytes, '\0')});
}

absl::Status FollowBatch(const storage::v1::BatchHeader& header, PartitionHead& head) {
  const PartitionId partition{header.partition()};
  const BatchNumber expected{head.number.value + 1};
  if (header.number() != expected.value) {
    return CorruptBatch(partition, expected,
                        absl::StrCat("it is missing; batch ", header.number(), " lies there"));
  }
  if (header.previous_digest() != head.digest) {
    return CorruptBatch(partition, expected, "it does not name the digest of the one before");
  }
  head = HeadAfter(header);
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
