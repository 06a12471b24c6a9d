#pragma once

// The checkpoint of everything that follows the log.

#include <string>

#include "eventstore/types.h"

namespace dealog::eventstore {

// How far a follower of a partition got: the batch that it took last, and its digest, by which it
// knows the log again (CheckPoint, eventstore/follow/point.h).
struct FollowPoint {
  BatchNumber number;
  std::string digest;  // 32 bytes; of no meaning before the first batch.
  bool operator==(const FollowPoint&) const = default;
};

}  // namespace dealog::eventstore
