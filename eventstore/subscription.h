#pragma once

// Subscriptions over a ring and what lies behind it.

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/ring.h"

namespace dealog::eventstore {

// Reads what has left the ring. Thread safety: yes.
class CatchUpSource {
 public:
  virtual ~CatchUpSource() = default;
  // About `bytes_max` bytes, but at least one item if there is one; empty: there is nothing yet.
  virtual absl::StatusOr<std::vector<CommitPtr>> ReadCommitsAfter(const TenantId& tenant,
                                                                  Position after,
                                                                  size_t bytes_max) const = 0;
  virtual absl::StatusOr<std::vector<BatchPtr>> ReadBatchesAfter(PartitionId partition,
                                                                 BatchNumber after,
                                                                 size_t bytes_max) const = 0;
};

// `ring` and `source` must outlive the subscription; a null source says that the ring holds all.
// Commits without events are in batches only: a tenant's subscription goes by position.
std::unique_ptr<CommitSubscription> MakeCommitSubscription(BatchRing& ring,
                                                           const CatchUpSource* source,
                                                           TenantId tenant, Position after);
std::unique_ptr<BatchSubscription> MakeBatchSubscription(BatchRing& ring,
                                                         const CatchUpSource* source,
                                                         PartitionId partition, BatchNumber after);

}  // namespace dealog::eventstore
