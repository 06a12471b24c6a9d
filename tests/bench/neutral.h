#pragma once

// The shapes of the neutral suite of event stores, pyeventsourcing/eventstore-benchmarks, so that
// figures can be put beside its own: README.md.

#include <cstdint>

#include "tests/bench/probe.h"

namespace dealog::bench {

// 1 to 32 writers, each with its own connection, one append of 256 bytes after the other, none with
// an expected revision; then as many readers of short streams, 100 events at most. Prints both.
void RunNeutral(Probe& probe, int rounds, int64_t duration_us);

}  // namespace dealog::bench
