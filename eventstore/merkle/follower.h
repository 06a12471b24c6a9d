#pragma once

// Follows the log and keeps the trees: a thread of its own, off the commit path.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/event_log.h"
#include "eventstore/merkle/audit_store.h"
#include "eventstore/merkle/limits.h"

namespace dealog::eventstore {

struct AuditFollowerOptions {
  // How long it waits for more after the log woke it, µs.
  int64_t gather_us = kAuditGatherMicros;
  // Told of what went wrong in the background (it tries again; of the same error in a row once),
  // and, in a sentence, why the trees are made anew. From the follower's thread; null = nobody.
  std::function<void(const absl::Status&)> on_error;
  std::function<void(std::string_view)> log;
};

// Where the trees of a partition stand.
struct AuditProgress {
  BatchNumber number;      // The last batch that is in them.
  uint64_t events = 0;     // Hashed since the start.
  double lag_seconds = 0;  // Since when the log has had a batch that is not in them.
  std::string error;       // Of the last attempt; empty if it went well.
};

// Thread safety: yes. Ownership: log and store outlive it.
// Invariant: the store holds the trees of whole batches, from the first one on.
class AuditFollower {
 public:
  // Stops it.
  virtual ~AuditFollower() = default;
  // Returns once the tenant's tree has that position, or `at_most` has passed. Hurries the thread.
  virtual void WaitFor(const TenantId& tenant, Position position, absl::Duration at_most) = 0;
  virtual AuditProgress Progress(PartitionId partition) const = 0;
  // Ends the thread. Idempotent.
  virtual void Stop() = 0;
};

// Goes on from where the store is; from the beginning if what it holds is not of this log (another
// history, or one that was cut).
std::unique_ptr<AuditFollower> StartAuditFollower(EventLog& log, AuditStore& store,
                                                  const AuditFollowerOptions& options = {});

}  // namespace dealog::eventstore
