#pragma once

// What a subscriber to the log is sent: events, where it stands, and whether it keeps up.

#include <memory>

#include "eventstore/event_log.h"
#include "services/rpc/event_bytes.h"
#include "services/rpc/stream.h"
#include "services/rpc/subscriber_set.h"

namespace dealog::rpc {

struct SubscribeParts {
  SubscriberSet& subscribers;  // Outlives the source.
  eventstore::TenantId tenant;
  std::unique_ptr<eventstore::CommitSubscription> subscription;  // From `after`.
  eventstore::EventFilter filter;
  eventstore::Position after;  // Exclusive; may lie within a commit.
  int64_t recorded_at_us = 0;  // When `after` was recorded; 0: not known.
  EventBytes bytes;
};

// Everything that matches after a position, then what comes. A Checkpoint where nothing has matched
// for kCheckpointEvents, and once it is live for kCheckpointMicros; CaughtUp when it has everything
// there is; FellBehind when what comes next has left memory, and CaughtUp again after it.
std::unique_ptr<StreamSource> MakeSubscribeSource(SubscribeParts parts);

}  // namespace dealog::rpc
