#pragma once

// THE interface of the event log: append commits, read streams and tenants, follow them.
//
//   NewCommit commit{.tenant = tenant, .recorded_at_us = now, .events = {...},
//                    .conditions = {{stream, StreamCondition::Kind::kExactly, Revision{3}}}};
//   ASSIGN_OR_RETURN(auto outcomes, log.Append(partition, log.BatchHead(partition), {&commit, 1}));
//   ASSIGN_OR_RETURN(auto page, log.ReadStream(tenant, stream, {.from = Revision{1}}));
//   for (const EventView& event : page.events) Use(event);
//
// A reader never sees what is not yet durable. Every implementation passes the same contract suite
// (tests/contracts/event_log_contract.h) whole.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/limits.h"
#include "eventstore/log_stats.h"
#include "eventstore/types.h"

namespace dealog::eventstore {

// ---- Writing ---------------------------------------------------------------------------------

// What must hold of a stream for a commit to be written; the commit need not write the stream.
struct StreamCondition {
  enum class Kind { kAny, kExactly, kMustNotExist, kMustExist };
  StreamId stream;
  Kind kind = Kind::kAny;
  Revision revision;  // kExactly only.
};

// A unique key that a commit takes or frees. `hash` is 32 bytes, a keyed hash of the value.
struct UniqueKey {
  std::string kind;
  std::string hash;
  StreamId owner;
};

// One event to be written. Position, revision and recorded_at are given by Append.
struct NewEvent {
  StreamId stream;
  std::string type;      // For example "DealStageMoved".
  std::string event_id;  // UUIDv7, 16 bytes.
  uint32_t schema_version = 1;
  int64_t occurred_at_us = 0;              // 0 = recorded_at.
  std::string payload;                     // The open part.
  std::vector<std::string> sealed;         // Sealed parts, as a PayloadSealer made them.
  std::vector<std::string> data_subjects;  // Whose personal data the payload holds.
};

// What all events of a commit share; copied into every event's header.
struct CommitOrigin {
  std::string principal;
  std::string on_behalf_of;
  storage::v1::Via via = storage::v1::VIA_API;
  std::string correlation_id;
  Position causation_position;
  uint32_t causation_depth = 0;
  std::string traceparent;
  std::string override_reason;
  bool suppress_workflows = false;
};

// What is remembered of the request behind a commit; request_id empty = nothing.
struct CommitRequest {
  std::string caller;
  std::string request_id;
  std::string method;
  std::string fingerprint;  // 32 bytes.
  int64_t expires_at_us = 0;
};

// 1..N events of one tenant (0 if there is a request to remember), written whole or not at all.
struct NewCommit {
  TenantId tenant;
  // µs since 1970 UTC. Append raises it to the tenant's last recorded_at + 1 where it is not above.
  int64_t recorded_at_us = 0;
  CommitOrigin origin;
  CommitRequest request;
  std::vector<NewEvent> events;
  std::vector<StreamCondition> conditions;
  std::vector<UniqueKey> releases;  // Applied before the claims.
  std::vector<UniqueKey> claims;
  // The stream whose state answers the request; its revision after the commit is remembered.
  StreamId subject;
};

// Where a commit was written.
struct AppendedCommit {
  Position first;  // For a commit without events: the tenant's head, and last == first.
  Position last;
  int64_t recorded_at_us = 0;
  Revision subject_revision;
};

// ---- Reading ---------------------------------------------------------------------------------

// One stored commit: immutable, shared by every reader, parsed as little as possible.
class StoredCommit;
using CommitPtr = std::shared_ptr<const StoredCommit>;

// One event of a StoredCommit. The views point into the commit, which the holder keeps alive.
struct EventView {
  std::string_view header;               // Serialised storage.v1.EventHeader.
  std::string_view payload;              // Open part.
  std::vector<std::string_view> sealed;  // Sealed parts.
};

// Thread safety: yes.
class StoredCommit {
 public:
  // Takes the commit's bytes (grammar: commit_codec.h). DATA_LOSS / CORRUPT_RECORD if malformed.
  static absl::StatusOr<CommitPtr> Parse(std::string bytes);
  // The same for bytes whose checksum was verified: leaves the header's parts unparsed until
  // header() is asked for, which most readers never do.
  static absl::StatusOr<CommitPtr> ParseVerified(std::string bytes);
  StoredCommit(const StoredCommit&) = delete;
  StoredCommit& operator=(const StoredCommit&) = delete;

  // Parsed at the first call and kept: prefer the accessors below, or ReadHeader.
  const storage::v1::CommitHeader& header() const;
  // Parses the header into a message of the caller's, which is cheap where that is used again.
  void ReadHeader(storage::v1::CommitHeader& header) const;
  std::string_view tenant() const { return tenant_; }
  int64_t recorded_at_us() const { return recorded_at_us_; }
  // The distinct types of its events.
  std::span<const std::string_view> types() const { return types_; }
  Position first_position() const { return Position{first_position_}; }
  // The last event's position; the head at the time for a commit without events.
  Position last_position() const {
    return Position{first_position_ + (events_.empty() ? 0 : events_.size() - 1)};
  }
  std::string_view bytes() const { return bytes_; }
  size_t event_count() const { return events_.size(); }
  const EventView& event(size_t i) const { return events_[i]; }

 private:
  StoredCommit() = default;
  absl::Status ParseParts();
  bool ParseHeader(storage::v1::CommitHeader& header) const;

  std::string bytes_;
  std::string_view header_bytes_;
  std::string_view tenant_;
  uint64_t first_position_ = 0;
  int64_t recorded_at_us_ = 0;
  absl::InlinedVector<std::string_view, 1> types_;
  absl::InlinedVector<EventView, 1> events_;
  mutable std::once_flag header_parsed_;
  mutable std::unique_ptr<storage::v1::CommitHeader> header_;
};

enum class Direction { kForward, kBackward };

// Which events a read returns. Empty lists match everything; several lists must all match.
struct EventFilter {
  std::vector<StreamId> streams;
  std::vector<std::string> stream_types;
  std::vector<std::string> event_types;
  bool MatchesAll() const { return streams.empty() && stream_types.empty() && event_types.empty(); }
};

// An event in a page: the commit that holds it, and its place there.
struct PageEvent {
  CommitPtr commit;
  uint32_t index = 0;
  const EventView& view() const { return commit->event(index); }
  Position position() const { return Position{commit->first_position().value + index}; }
};

// A page of a read, at most kEventsPerPageMax events and about kPageBytesMax bytes.
struct ReadPage {
  std::vector<PageEvent> events;
  // Everything up to here (from here, backward) was looked at, also where nothing matched.
  Position read_to;
  bool end = false;  // The end of the stream or the log was reached.
};

struct StreamReadOptions {
  Revision from;  // Inclusive; 0 = the first (forward) or the last (backward).
  Direction direction = Direction::kForward;
  size_t limit = kEventsPerPageMax;
};

struct TenantReadOptions {
  Position after;  // Exclusive; 0 = from the beginning (forward) or the end (backward).
  Direction direction = Direction::kForward;
  EventFilter filter;
  size_t limit = kEventsPerPageMax;
};

// Where a tenant's log ends.
struct TenantHead {
  Position position;
  int64_t recorded_at_us = 0;
};

// Where a partition ends.
struct PartitionHead {
  BatchNumber number;
  std::string digest;  // 32 bytes; zeros before the first batch.
  uint64_t owner_epoch = 1;
};

// One durable batch, as delivered to followers of a partition.
struct StoredBatch {
  BatchNumber number;
  std::string digest;
  std::vector<CommitPtr> commits;
};
using BatchPtr = std::shared_ptr<const StoredBatch>;

// Follows a log: what there is, then what comes; nothing missed or doubled at the hand-over.
// Thread safety: one thread at a time calls Poll; `wake` comes from any thread.
template <typename Item>
class Subscription {
 public:
  struct Page {
    std::vector<Item> items;  // Empty: caught up; `wake` will be called once there is more.
    bool from_ring = false;   // Delivered live from memory, not read from disk.
  };
  virtual ~Subscription() = default;
  // Returns what is there now, at most about `bytes_max` bytes; never blocks on new appends.
  virtual absl::StatusOr<Page> Poll(size_t bytes_max) = 0;
  // `wake` is called (from the appending thread: must be quick, must not Poll) after something was
  // published since the last Poll that returned nothing. Set before the first Poll; {} to clear,
  // after which it is not called any more.
  virtual void SetWake(std::function<void()> wake) = 0;
};
using CommitSubscription = Subscription<CommitPtr>;
using BatchSubscription = Subscription<BatchPtr>;

// ---- The log ---------------------------------------------------------------------------------

// Thread safety: yes, but for Append: one call outstanding per partition (checked).
// Ownership: subscriptions must be destroyed before the log.
// Invariants: positions and revisions dense; batches hash-chained; the head is published only
// after the synced write returned.
class EventLog {
 public:
  virtual ~EventLog() = default;

  // Number of partitions, fixed when the folder was created.
  virtual uint32_t partition_count() const = 0;
  // The partition of a tenant: the recorded one, else the one a new tenant would get.
  virtual PartitionId PartitionOf(const TenantId& tenant) const = 0;
  virtual std::vector<TenantId> Tenants() const = 0;

  // Writes the commits whose conditions hold, in order, in ONE synced write, and returns one
  // outcome per commit. A refused commit (ABORTED / REVISION_CONFLICT or CONDITION_FAILED with a
  // PreconditionFailure per failed condition; ALREADY_EXISTS / NAME_TAKEN for a claimed key that
  // another stream owns; INVALID_ARGUMENT or RESOURCE_EXHAUSTED for a limit) consumes no position.
  // The call as a whole fails with ABORTED if `expected` is not the partition's head, with
  // UNKNOWN / OUTCOME_UNKNOWN if the write failed (accept nothing more until reopened), with
  // RESOURCE_EXHAUSTED / DISK_LOW or UNAVAILABLE / READ_ONLY before anything was written.
  virtual absl::StatusOr<std::vector<absl::StatusOr<AppendedCommit>>> Append(
      PartitionId partition, BatchNumber expected, std::span<const NewCommit> commits) = 0;

  virtual absl::StatusOr<ReadPage> ReadStream(const TenantId& tenant, const StreamId& stream,
                                              const StreamReadOptions& options) const = 0;
  virtual absl::StatusOr<ReadPage> ReadTenant(const TenantId& tenant,
                                              const TenantReadOptions& options) const = 0;

  // Position 0 for a tenant without events.
  virtual absl::StatusOr<TenantHead> Head(const TenantId& tenant) const = 0;
  // Revision 0 for a stream without events.
  virtual absl::StatusOr<Revision> StreamHead(const TenantId& tenant,
                                              const StreamId& stream) const = 0;
  virtual PartitionHead BatchHead(PartitionId partition) const = 0;
  // Last position with recorded_at <= t, whole commits only; 0 if none.
  virtual absl::StatusOr<Position> PositionAt(const TenantId& tenant, int64_t time_us) const = 0;

  // Commits of one tenant after `after` (exclusive).
  virtual absl::StatusOr<std::unique_ptr<CommitSubscription>> Subscribe(const TenantId& tenant,
                                                                        Position after) = 0;
  // Batches of one partition after `after` (exclusive).
  virtual absl::StatusOr<std::unique_ptr<BatchSubscription>> SubscribePartition(
      PartitionId partition, BatchNumber after) = 0;
  // Digest of a stored batch; NOT_FOUND if there is none. A follower compares its checkpoint.
  virtual absl::StatusOr<std::string> BatchDigest(PartitionId partition,
                                                  BatchNumber number) const = 0;
  // The whole header of a stored batch; NOT_FOUND if there is none.
  virtual absl::StatusOr<storage::v1::BatchHeader> ReadBatchHeader(PartitionId partition,
                                                                   BatchNumber number) const = 0;

  // What is remembered of a request; nullopt if nothing. The caller judges expires_at.
  virtual absl::StatusOr<std::optional<storage::v1::RequestRecord>> FindRequest(
      const TenantId& tenant, std::string_view caller, std::string_view request_id) const = 0;
  // The stream that owns a unique key; nullopt if it is free. `hash` is 32 bytes.
  virtual absl::StatusOr<std::optional<StreamId>> FindUnique(const TenantId& tenant,
                                                             std::string_view kind,
                                                             std::string_view hash) const = 0;

  // Why writes should be held back for now, before the log itself must slow or refuse them:
  // RESOURCE_EXHAUSTED / OVERLOADED or DISK_LOW, with RetryInfo. Cheap enough for every batch; only
  // advice, Append does not look at it. Ends by itself.
  virtual absl::Status Strain() const { return absl::OkStatus(); }
  // Nothing but zeros where an implementation does not count.
  virtual LogStats stats() const { return {}; }
};

// ---- Seams -----------------------------------------------------------------------------------

// Turns a payload into its open part and sealed parts before the commit is hashed and encoded.
// Implemented by eventstore/vault (later); null = everything stays open.
class PayloadSealer {
 public:
  virtual ~PayloadSealer() = default;
  virtual absl::Status Seal(const TenantId& tenant, NewEvent& event) = 0;
};

}  // namespace dealog::eventstore
