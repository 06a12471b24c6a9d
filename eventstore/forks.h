#pragma once

// Which places in a log still exist after it was restored. A restore ends a partition's history at
// some batch and claims the rest with a new owner epoch: a batch without commits, whose header
// names where its tenants stood. What lay behind that in the older epoch is gone.
//
//   ASSIGN_OR_RETURN(const Forks forks, Forks::Find(log));
//   RETURN_IF_ERROR(forks.Check(tenant, epoch, position));

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// The batch that claims a partition for an epoch. `before`: its head until then; `recorded`: each
// tenant's last position there.
storage::v1::BatchHeader MakeClaim(PartitionId partition, const PartitionHead& before,
                                   uint64_t owner_epoch, int64_t written_at_us,
                                   const std::map<std::string, uint64_t>& tenant_heads);

// Thread safety: yes, constant. Found when a log is opened: no claim is written while it is open.
class Forks {
 public:
  Forks() = default;
  // Reads some 50 batch headers per partition that was ever restored, one per other.
  static absl::StatusOr<Forks> Find(const EventLog& log);

  // FAILED_PRECONDITION / POSITION_FORKED unless the position, as seen in that epoch, is in this
  // log: the epoch is one of its partition's, and the position not beyond that epoch's end or
  // `head`.
  absl::Status Check(PartitionId partition, const TenantId& tenant, uint64_t epoch,
                     Position position, Position head) const;

 private:
  struct Claim {
    uint64_t epoch = 1;                                // Of the batches from here on.
    absl::flat_hash_map<std::string, uint64_t> heads;  // Where the epoch before ended.
  };
  std::vector<std::vector<Claim>> partitions_;  // By epoch.
};

}  // namespace dealog::eventstore
