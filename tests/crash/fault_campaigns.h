#pragma once

// Random faults of the disk under a log, one life after another in one process: a log is filled, a
// fault happens, the power fails, the log is opened again and compared with what was acknowledged.
// Deterministic for a seed.

#include <cstdint>
#include <string>
#include <vector>

namespace dealog::eventstore {

struct FaultReport {
  int lives = 0;
  uint64_t acknowledged = 0;  // Commits, over all lives.
  int failures = 0;           // Operations that the disk refused.
  int lies = 0;               // Syncs that kept nothing.
  int flips = 0;
  // Lives in which the log refused to open, to read or to verify, saying why.
  int refused = 0;
  // Lives that ended shorter than acknowledged with nothing in the log to tell: only the head that
  // was written down outside tells. Possible after a lie or a flip in the newest record, never
  // otherwise.
  int told_by_head_only = 0;
  // Of lives with a witness: the log lacked what the last witness that survived had seen.
  int told_by_witness = 0;
  std::vector<std::string> problems;  // What must never happen, one sentence each.
};

// A random operation fails with EIO or ENOSPC, then the power fails; half of the time with bytes
// that reach the disk early, cut anywhere. Every acknowledged commit must be there.
FaultReport FailAndCheck(int lives, uint32_t seed);
// Syncs lie for a while, then the power fails, and the witness of some moment survives. It must
// refuse a log that lacks what it saw, and no other; anything else that is missing must show in the
// newest head.
FaultReport LieAndCheck(int lives, uint32_t seed);
// One bit of one file is flipped, at rest or on its way to the reader. A read must give what was
// written or fail.
FaultReport FlipAndCheck(int lives, uint32_t seed);

}  // namespace dealog::eventstore
