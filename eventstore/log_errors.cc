#include "eventstore/log_errors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"
#include "eventstore/validate.h"

namespace dealog::eventstore {
PartitionId PartitionOfNewTenant(const TenantId& tenant, uint32_t partition_count) {
  const base::Digest digest = base::Sha256(tenant.value);
  const uint64_t number = LoadBig<uint64_t>(base::AsView(digest).data());
  return PartitionId{static_cast<uint32_t>(number % partition_count)};
}

size_t PageLimit(size_t asked) {
  return asked == 0 ? kEventsPerPageMax : std::min(asked, kEventsPerPageMax);
}

absl::Status CheckPartition(PartitionId partition, uint32_t partition_count) {
  if (partition.value < partition_count) return absl::OkStatus();
  return base::InvalidField("partition", absl::StrCat("expected a number below ", partition_count,
                                                      ", found ", partition.value));
}

absl::Status CheckAppend(BatchNumber head, BatchNumber expected, size_t commits) {
  if (commits > kCommitsPerBatchMax) {
    return PastLimit("the commits of one Append", "kCommitsPerBatchMax", kCommitsPerBatchMax,
                     commits);
  }
  if (head == expected) return absl::OkStatus();
  return base::Error(
      absl::StatusCode::kAborted, "REVISION_CONFLICT",
      absl::StrCat("expected batch ", expected.value, " to be the partition's head, found ",
                   head.value, "; read the head again and decide anew"));
}

absl::Status CheckNotBeyond(uint64_t after, uint64_t head, std::string_view what) {
  if (after <= head) return absl::OkStatus();
  return base::Error(
      absl::StatusCode::kFailedPrecondition, "POSITION_FORKED",
      absl::StrCat("expected a ", base::View(what), " up to the head ", head, ", found ", after,
                   "; the log ends before it, start from an older one"));
}

absl::Status OutcomeUnknown(std::string_view cause) {
  return base::Error(
      absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN",
      absl::StrCat("a write failed and it is not known what of it is stored: ", base::View(cause),
                   "; nothing more is written until the log is opened again, then repeat the "
                   "call with the same request_id"));
}

absl::Status WritesRefused(std::string_view cause) {
  return base::Error(absl::StatusCode::kUnavailable, "READ_ONLY",
                     absl::StrCat("the log does not accept writes: ", base::View(cause),
                                  "; it must be closed and opened again"));
}

absl::Status DiskLow(std::string_view path, uint64_t free_bytes, uint64_t free_bytes_min) {
  return base::Error(absl::StatusCode::kResourceExhausted, "DISK_LOW",
                     absl::StrCat("the disk of ", base::View(path), " has ", free_bytes,
                                  " free bytes, expected at least ", free_bytes_min,
                                  "; free space, then writes go on by themselves"))
      .RetryAfter(kDiskLowRetry);
}

absl::Status Strained(std::string_view what, uint64_t found, uint64_t limit) {
  return base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                     absl::StrCat("the log can't keep up with the writes: ", base::View(what),
                                  " is ", found, ", expected less than ", limit,
                                  "; nothing was executed, send it again later"))
      .RetryAfter(kStrainedRetry);
}

absl::Status NoSuchBatch(PartitionId partition, BatchNumber number) {
  return base::Error(absl::StatusCode::kNotFound, "FIELD_INVALID",
                     absl::StrCat("partition ", partition.value, " has no batch ", number.value));
}

}  // namespace dealog::eventstore
