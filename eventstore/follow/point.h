#pragma once

// Whether a checkpoint is of this log: the one check for every consumer (FollowPoint).

#include "absl/status/status.h"
#include "eventstore/event_log.h"
#include "eventstore/follow_point.h"

namespace dealog::eventstore {

// OK if the log has that batch, or the point is before the first one. FAILED_PRECONDITION /
// POSITION_FORKED, with what was expected and found, if the log ends before it or has another batch
// there: what was derived up to the point is of another history. Any other error: the log can't be
// read now, which says nothing of the point.
absl::Status CheckPoint(const EventLog& log, PartitionId partition, const FollowPoint& point);

// Whether CheckPoint (or a subscription) said that the point is not of this log.
bool IsForked(const absl::Status& status);

}  // namespace dealog::eventstore
