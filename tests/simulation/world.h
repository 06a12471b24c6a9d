#pragma once

// One simulated installation through several lives: clients, sequencers, runner and reactor over a
// log in memory; crashes, faults and clean stops; every invariant checked as it goes.

#include <cstdint>
#include <string>

namespace dealog::simulation {

// Mistakes that can be planted, to see that the simulation notices.
enum class Plant {
  kNone,
  kForgottenWrite,   // The log answers before it has written.
  kLostRow,          // The view store loses rows.
  kStaleRows,        // A load finds rows as they were before the last flush.
  kEagerCheckpoint,  // The reactor's checkpoint is ahead of what was done.
};

struct WorldOptions {
  uint64_t seed = 1;
  Plant plant = Plant::kNone;
};

struct WorldReport {
  uint64_t steps = 0;         // Times that the turn passed from one fiber to another.
  uint64_t commands = 0;      // Answered.
  uint64_t acknowledged = 0;  // Of these accepted.
  uint64_t events = 0;        // In the log at the end.
  uint64_t crashes = 0;
  uint64_t evictions = 0;  // Of tenants' views.
  uint64_t faults = 0;     // Failed writes, full disks, failing stores.
  uint64_t trace = 0;      // Equal for equal runs.
  char problem[400] = "";
};

// Runs one seed to its end. The same seed gives the same trace.
WorldReport RunWorld(const WorldOptions& options);

}  // namespace dealog::simulation
