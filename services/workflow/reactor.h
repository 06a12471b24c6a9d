#pragma once

// The workflow reactor: follows the log, starts an instance of every workflow that an event
// triggers, and carries out its actions, each exactly once, through the sequencers.
//
//   const auto reactor = MakeReactor(log, sequencers, {.checkpoint = &checkpoint});
//   ...
//   reactor->Stop();   // Before the sequencers are drained.
//
// Exactly once needs no memory of its own: instance ids are derived from what triggered them, and a
// step's events and the record that it is done are one commit. The checkpoint only saves reading.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event_log.h"
#include "eventstore/follow_point.h"
#include "services/commands/submit.h"

namespace dealog::workflow {

// Keeps per partition up to which batch the instances of all events have ended. Losing it, or an
// old one coming back, costs reading only. Thread safety: yes, each partition by one thread at a
// time.
class ReactorCheckpoint {
 public:
  virtual ~ReactorCheckpoint() = default;
  // nullopt: none was saved.
  virtual absl::StatusOr<std::optional<eventstore::FollowPoint>> Load(
      eventstore::PartitionId partition) = 0;
  virtual absl::Status Save(eventstore::PartitionId partition,
                            const eventstore::FollowPoint& progress) = 0;
};

// One small file per partition in `folder`, replaced whole.
std::unique_ptr<ReactorCheckpoint> MakeFileCheckpoint(std::string folder);

struct ReactorOptions {
  // Null: every start reads from the log's beginning. Not owned.
  ReactorCheckpoint* checkpoint = nullptr;
  // Told, on a reactor's thread or in MakeReactor, what went wrong outside any workflow: a log that
  // can't be read (that partition tries again after a pause; the same in a row is told once), a
  // checkpoint that can't be saved. May be empty.
  std::function<void(const absl::Status&)> on_error;
};

struct ReactorStats {
  uint64_t instances_started = 0;  // Since the process started, as all of these.
  uint64_t steps_completed = 0;
  uint64_t steps_failed = 0;
  uint64_t events_not_triggering = 0;  // Of a trigger's type, but suppressed, too old, too deep, …
  uint64_t batches_behind = 0;         // Summed over partitions, now.
};

// Thread safety: yes. Ownership: log, sequencers and checkpoint must outlive it.
class Reactor {
 public:
  virtual ~Reactor() = default;  // Stops.
  // Ends after the commands under way; what is left is done after the next start. Idempotent.
  virtual void Stop() = 0;
  // Waits until every event that is in the log now was reacted to; false if that took longer.
  virtual bool WaitCaughtUp(std::chrono::milliseconds timeout) = 0;
  virtual ReactorStats stats() const = 0;
};

std::unique_ptr<Reactor> MakeReactor(eventstore::EventLog& log, commands::Sequencers& sequencers,
                                     ReactorOptions options);

}  // namespace dealog::workflow
