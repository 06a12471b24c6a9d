#pragma once

// Decides which commits of one Append are written, and gives them their places.
//
//   Stager stager(state, partition);
//   for (const NewCommit& commit : commits) outcomes.push_back(stager.Stage(commit));
//   if (stager.empty()) return outcomes;
//   const StagedBatch batch = stager.Finish(head, clock.NowMicros());

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/batch_codec.h"
#include "eventstore/commit_codec.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// What is durable, as the writer of the partition sees it.
class DurableState {
 public:
  virtual ~DurableState() = default;
  virtual PartitionId PartitionOfTenant(const TenantId& tenant) const = 0;
  virtual absl::StatusOr<TenantHead> HeadOf(const TenantId& tenant) const = 0;
  virtual absl::StatusOr<Revision> StreamHeadOf(std::string_view tenant,
                                                const StreamId& stream) const = 0;
  virtual absl::StatusOr<std::optional<StreamId>> OwnerOf(std::string_view tenant,
                                                          const UniqueKey& key) const = 0;
};

// The commits to be written in one batch, and the heads once they are.
struct StagedBatch {
  storage::v1::BatchHeader header;
  std::vector<CommitPtr> commits;
  absl::flat_hash_map<TenantId, TenantHead> tenants;
  // Keyed by StreamPrefix (keys.h).
  std::vector<std::pair<std::string, Revision>> streams;
};

// Evaluates commits in order, each against the durable state and the commits staged before it.
// Thread safety: none. Ownership: `state` must outlive it.
// Invariant: a refused commit leaves no trace.
class Stager {
 public:
  Stager(const DurableState& state, PartitionId partition);

  absl::StatusOr<AppendedCommit> Stage(const NewCommit& commit);
  bool empty() const { return commits_.empty(); }
  StagedBatch Finish(const PartitionHead& head, int64_t written_at_us) &&;

 private:
  // A stream's head with what was staged; `next` is of the commit in hand.
  struct StreamState {
    StreamId stream;
    Revision head;
    Revision next;
    uint64_t slot = 0;  // In the placement's streams, if `touched_by` is the commit in hand.
    uint64_t touched_by = 0;
    bool written = false;
  };
  using OwnerMap = absl::flat_hash_map<std::string, std::optional<StreamId>>;

  absl::StatusOr<StreamState*> StateOf(const TenantId& tenant, const StreamId& stream);
  absl::StatusOr<TenantHead*> HeadOf(const TenantId& tenant);
  absl::Status CheckConditions(const NewCommit& commit);
  absl::StatusOr<OwnerMap> CheckUniques(const NewCommit& commit);
  absl::StatusOr<std::optional<StreamId>> OwnerOf(const NewCommit& commit, const UniqueKey& key,
                                                  const std::string& key_bytes,
                                                  const OwnerMap& changes) const;
  absl::StatusOr<CommitPlacement> Place(const NewCommit& commit, const TenantHead& head);
  absl::StatusOr<CommitPtr> Encode(const NewCommit& commit, const CommitPlacement& placement);

  const DurableState& state_;
  const PartitionId partition_;
  CommitEncoder encoder_;
  std::vector<CommitPtr> commits_;
  size_t batch_bytes_ = 0;
  uint64_t commit_number_ = 0;  // Of the commit in hand, from 1; marks what it touched.
  absl::flat_hash_map<TenantId, TenantHead> tenants_;
  absl::flat_hash_map<std::string, std::unique_ptr<StreamState>> streams_;
  OwnerMap owners_;
  std::vector<StreamState*> touched_;  // By the commit in hand.
};

}  // namespace dealog::eventstore
