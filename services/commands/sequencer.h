#pragma once

// The sequencer: one thread per partition decides the commands of its tenants one after another
// against their true current state, and makes what queued up durable with one synced write.
//
//   auto command = std::make_unique<MyCommand>(...);   // see PendingCommand
//   sequencer.Submit(std::move(command));              // done is called later, exactly once
//
// Five steps per command (services/commands/sequencer.cc): replayed request? – load state – decide
// – evolve and stage – sync and reply.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "services/commands/admission.h"
#include "services/commands/limits.h"
#include "services/commands/time_questions.h"
#include "services/domain/decider.h"

namespace dealog::commands {

// What the log knows of a command's origin, and how it is to be decided.
struct CommandContext {
  eventstore::TenantId tenant;
  eventstore::CommitOrigin origin;  // principal, via, causation, override_reason, …
  std::string method;               // "/dealog.v1.DealService/MoveDeal"
  std::string request_id;           // Empty: not idempotent.
  std::string fingerprint;          // 32 bytes where request_id is set: see Fingerprint().
  std::string etag;                 // Expected revision of the subject, as text; empty = any.
  bool validate_only = false;
  int64_t occurred_at_us = 0;                    // 0 = when it is recorded.
  base::Uuid id_seed{};                          // All zero: the sequencer makes one.
  absl::Time deadline = absl::InfiniteFuture();  // Past it the command is dropped undecided.
  // True for commands that may run before the tenant exists (CreateTenant).
  bool creates_tenant = false;
};

// What a command did.
struct CommandResult {
  eventstore::Position position;  // Last position of its commit; the head if it wrote nothing.
  int64_t recorded_at_us = 0;
  uint64_t subject_revision = 0;
  std::string token;  // Commit token: see EncodeToken().
  bool replayed = false;
  size_t event_count = 0;  // 0 for a replay: the record does not say.
};

// A command on its way through the sequencer. Implementations hold references to the request and
// the reply of the call. All methods but Done run on the sequencer's thread.
class PendingCommand {
 public:
  virtual ~PendingCommand() = default;
  virtual const CommandContext& context() const = 0;
  // About how much memory it holds in the queue, bytes.
  virtual size_t ApproximateBytes() const = 0;
  // Pure: no side effects, may be called once only.
  virtual absl::StatusOr<domain::Decision> Decide(const domain::CommandMeta& meta,
                                                  domain::StateReader& states) = 0;
  // Puts the subject's state after the commit into the reply. Not called on failure.
  virtual void Describe(const domain::AggregateState& subject) = 0;
  // Called exactly once, after the batch's outcome is known, from the sequencer's reply path: must
  // be quick and must not block. The object is destroyed after it.
  virtual void Done(absl::StatusOr<CommandResult> result) = 0;
};

struct SequencerOptions {
  // Key of unique values' hashes, fixed for the life of the folder. Not owned; required.
  const base::Secret& unique_key_secret;
  // Commands waiting, bytes; past it Submit refuses with RESOURCE_EXHAUSTED / OVERLOADED.
  size_t queue_bytes_max = 64 << 20;
  // How long a command may have to wait; likewise. See Admission.
  absl::Duration queue_wait_max = kQueueWaitMax;
  // Commands that share one synced write, 1 to kCommitsPerBatchMax.
  size_t batch_commands_max = eventstore::kCommitsPerBatchMax;
  // Folded states kept in memory, bytes.
  size_t state_cache_bytes_max = 128 << 20;
  // Events of one stream; see stream_length.h.
  uint64_t events_per_stream_max = kEventsPerStreamMax;
  // How long a request_id is remembered; at least kRequestRetentionMicrosMin.
  int64_t request_retention_us = eventstore::kRequestRetentionMicrosMin;
  // Null: payloads stay open. Not owned.
  eventstore::PayloadSealer* sealer = nullptr;
  // Called on the sequencer's thread after a write failed (the process should end); must not call
  // Drain. May be empty.
  std::function<void(const absl::Status&)> on_fatal;
};

struct SequencerStats {
  size_t queue_bytes = 0;
  size_t queue_commands = 0;
  size_t queue_bytes_max = 0;
  absl::Duration expected_wait;  // Of a command that came now; of the partitions, the longest.
  // Turned away at the door, by Admission's reasons.
  std::array<uint64_t, kShedKinds> shed{};
  // Refused once they were looked at: a part of `commands`, by published reason.
  std::map<std::string, uint64_t> refusals_by_reason;
  uint64_t commands = 0;
  uint64_t refusals = 0;
  uint64_t replays = 0;
  uint64_t batches = 0;
  uint64_t events = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
};

// Thread safety: yes. Ownership: `log`, `clock` and what the options refer to
// must outlive it.
class Sequencer {
 public:
  virtual ~Sequencer() = default;
  // Queues a command. A refusal (OVERLOADED, DISK_LOW, NOT_READY while draining) is delivered
  // through Done, on the calling thread.
  virtual void Submit(std::unique_ptr<PendingCommand> command) = 0;
  // Folds the streams of a command into the cache on the calling thread, so that the sequencer
  // finds them warm. Best effort: not while commands are being turned away.
  virtual void Prefetch(const eventstore::TenantId& tenant, const domain::StreamRef& stream) = 0;
  // The tenant's last position recorded by `time_us`, which must not be in the future: for good,
  // because every later commit of the partition is stamped later than it. `done` is called once,
  // quick, from the sequencer's thread; NOT_READY, on any thread, once it is drained or stopped.
  virtual void AskPositionAt(const eventstore::TenantId& tenant, int64_t time_us,
                             PositionFunction done) = 0;
  // Accepts nothing more, decides what is queued, then stops. Idempotent.
  virtual void Drain() = 0;
  virtual SequencerStats stats() const = 0;
};

std::unique_ptr<Sequencer> MakeSequencer(eventstore::EventLog& log,
                                         eventstore::PartitionId partition,
                                         const base::Clock& clock, SequencerOptions options);

// SHA-256(method ‖ deterministic serialisation of the request without its request_id), 32 bytes.
std::string Fingerprint(std::string_view method, const google::protobuf::Message& request);

// Commit tokens: opaque text of (partition, owner epoch, position).
std::string EncodeToken(eventstore::PartitionId partition, uint64_t owner_epoch,
                        eventstore::Position position);
struct Token {
  eventstore::PartitionId partition;
  uint64_t owner_epoch = 0;
  eventstore::Position position;
};
absl::StatusOr<Token> DecodeToken(std::string_view text);

}  // namespace dealog::commands
