#include "eventstore/forks.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"

namespace dealog::eventstore {
namespace {

absl::Status Forked(const std::string& why) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "POSITION_FORKED",
                     absl::StrCat(why, "; read again from an older position, or without a token"));
}

// The first batch in (after, head] of a later epoch than `epoch`; epochs rise with the number.
absl::StatusOr<storage::v1::BatchHeader> FirstBeyond(const EventLog& log, PartitionId partition,
                                                     uint64_t after, uint64_t head,
                                                     uint64_t epoch) {
  uint64_t low = after + 1;
  uint64_t high = head;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const auto header, log.ReadBatchHeader(partition, BatchNumber{middle}));
    if (header.owner_epoch() > epoch) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return log.ReadBatchHeader(partition, BatchNumber{low});
}

}  // namespace

storage::v1::BatchHeader MakeClaim(PartitionId partition, const PartitionHead& before,
                                   uint64_t owner_epoch, int64_t written_at_us,
                                   const std::map<std::string, uint64_t>& tenant_heads) {
  PartitionHead claimed = before;
  claimed.owner_epoch = owner_epoch;
  storage::v1::BatchHeader header = MakeBatchHeader(partition, claimed, written_at_us, {});
  for (const auto& [tenant, position] : tenant_heads) {
    storage::v1::ForkHead* head = header.add_fork_heads();
    head->set_tenant(tenant);
    head->set_last_position(position);
  }
  return header;
}

absl::StatusOr<Forks> Forks::Find(const EventLog& log) {
  Forks forks;
  for (uint32_t i = 0; i < log.partition_count(); ++i) {
    const PartitionId partition{i};
    const PartitionHead head = log.BatchHead(partition);
    std::vector<Claim>& claims = forks.partitions_.emplace_back();
    claims.emplace_back();
    if (head.number.value == 0) continue;
    ASSIGN_OR_RETURN(auto found, log.ReadBatchHeader(partition, BatchNumber{1}));
    if (found.owner_epoch() == 1) found.clear_number();  // The search begins with batch 1.
    for (;;) {
      if (found.number() != 0) {
        Claim claim{.epoch = found.owner_epoch(), .heads = {}};
        for (const storage::v1::ForkHead& at : found.fork_heads()) {
          claim.heads[at.tenant()] = at.last_position();
        }
        claims.push_back(std::move(claim));
      }
      if (claims.back().epoch == head.owner_epoch) break;
      ASSIGN_OR_RETURN(found, FirstBeyond(log, partition, found.number(), head.number.value,
                                          claims.back().epoch));
    }
  }
  return forks;
}

absl::Status Forks::Check(PartitionId partition, const TenantId& tenant, uint64_t epoch,
                          Position position, Position head) const {
  static const std::vector<Claim> never_restored(1);
  const std::vector<Claim>& claims =
      partition.value < partitions_.size() ? partitions_[partition.value] : never_restored;
  for (size_t i = 0; i < claims.size(); ++i) {
    if (claims[i].epoch != epoch) continue;
    uint64_t end = head.value;
    if (i + 1 < claims.size()) {
      const auto found = claims[i + 1].heads.find(tenant.value);
      end = found == claims[i + 1].heads.end() ? 0 : found->second;
    }
    if (position.value <= end) return absl::OkStatus();
    return Forked(absl::StrCat("expected a position of tenant ", tenant.value, " up to ", end,
                               ", where its log was cut by a restore or ends, found ",
                               position.value));
  }
  return Forked(absl::StrCat("expected a position seen in an epoch of this log (the newest is ",
                             claims.back().epoch, "), found one of epoch ", epoch,
                             ": the log was restored to before it"));
}

}  // namespace dealog::eventstore
