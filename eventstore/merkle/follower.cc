#include "eventstore/merkle/follower.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/follow/log_follower.h"
#include "eventstore/merkle/leaf.h"
#include "eventstore/merkle/tile.h"

namespace dealog::eventstore {
namespace {

// The trees that are growing. Used by the follower's thread alone.
class OpenTrees {
 public:
  explicit OpenTrees(const AuditStore& store) : store_(store) {}

  absl::Status Append(const StoredCommit& commit, const SignedBatch& batch) {
    if (commit.event_count() == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(Tree* const tree, Find(TenantId{std::string(commit.tenant())}));
    if (commit.first_position().value != tree->writer.size() + 1) {
      return base::Error(
          absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
          absl::StrCat("tenant ", std::string(commit.tenant()), ": expected position ",
                       tree->writer.size() + 1, " next, found ", commit.first_position().value,
                       "; check the folder with `dealog log verify`"));
    }
    for (size_t i = 0; i < commit.event_count(); ++i) tree->writer.Append(LeafOf(commit.event(i)));
    tree->batch = batch;
    changed_.insert(std::string(commit.tenant()));
    return absl::OkStatus();
  }

  // Adds what changed since the last call.
  void TakeChanges(AuditWrite& write) {
    for (const std::string& name : changed_) {
      Tree& tree = trees_.at(name);
      const TenantId tenant{name};
      for (TileWriter::Tile& tile : tree.writer.TakeChanged()) {
        write.tiles.push_back({tenant, tile.id, std::move(tile.bytes)});
      }
      write.heads.emplace_back(tenant, TreeHead{tree.writer.size(), tree.batch});
    }
    changed_.clear();
    if (trees_.size() > kOpenTreesMax) trees_.clear();
  }

  // What is in memory and what the store has may differ.
  void Forget() {
    trees_.clear();
    changed_.clear();
  }

 private:
  struct Tree {
    TileWriter writer;
    SignedBatch batch;
  };

  absl::StatusOr<Tree*> Find(const TenantId& tenant) {
    const auto found = trees_.find(tenant.value);
    if (found != trees_.end()) return &found->second;
    ASSIGN_OR_RETURN(const TreeHead head, store_.Head(tenant));
    ASSIGN_OR_RETURN(TileWriter writer, TileWriter::Open(head.size, [&](TileId id) {
                       return store_.Tile(tenant, id);
                     }));
    return &trees_.emplace(tenant.value, Tree{std::move(writer), head.batch}).first->second;
  }

  const AuditStore& store_;
  absl::flat_hash_map<std::string, Tree> trees_;
  absl::flat_hash_set<std::string> changed_;
};

SignedBatch BatchOf(PartitionId partition, const StoredBatch& stored) {
  SignedBatch batch{.partition = partition, .number = stored.number};
  std::memcpy(batch.digest.data(), stored.digest.data(),
              std::min(stored.digest.size(), batch.digest.size()));
  return batch;
}

// Every partition is a cursor of one follower: the trees are few writes a second for one thread.
class Follower final : public AuditFollower, private FollowHandler {
 public:
  Follower(EventLog& log, AuditStore& store, const AuditFollowerOptions& options)
      : store_(store),
        options_(options),
        trees_(store),
        follower_(log, *this,
                  {.name = "audit",
                   .page_bytes = kAuditPageBytes,
                   .pace = std::chrono::microseconds(options.gather_us),
                   .gather = std::chrono::microseconds(options.gather_us),
                   .retry = std::chrono::microseconds(kAuditRetryMicros)}) {
    for (uint32_t i = 0; i < log.partition_count(); ++i) {
      partitions_.emplace_back(follower_.Add(PartitionId{i}));
    }
    // Begins before anybody is answered from trees of another log.
    follower_.Start();
  }
  ~Follower() override { follower_.Stop(); }

  void WaitFor(const TenantId& tenant, Position position, absl::Duration at_most) override {
    const int64_t until_us = base::MonotonicMicros() + absl::ToInt64Microseconds(at_most);
    for (;;) {
      const uint64_t seen = follower_.advances();
      const absl::StatusOr<TreeHead> head = store_.Head(tenant);
      if (!head.ok() || head->size >= position.value) return;
      follower_.Hurry();
      const std::chrono::microseconds left(until_us - base::MonotonicMicros());
      if (!follower_.WaitAdvance(seen, left)) return;
    }
  }

  AuditProgress Progress(PartitionId partition) const override {
    const FollowProgress progress = follower_.Progress(partitions_.at(partition.value).cursor);
    return {.number = progress.done.number,
            .events = partitions_[partition.value].events,
            .lag_seconds = progress.lag_seconds,
            .error = progress.error};
  }

  void Stop() override { follower_.Stop(); }

 private:
  struct Partition {
    explicit Partition(FollowCursor& its_cursor) : cursor(its_cursor) {}
    FollowCursor& cursor;
    std::atomic<uint64_t> events = 0;  // Hashed and written since the start.
    uint64_t gathered = 0;             // Hashed, not written yet; the thread's own.
  };

  absl::StatusOr<FollowPoint> Begin(FollowCursor& cursor) override {
    partitions_[cursor.partition().value].gathered = 0;
    return store_.Point(cursor.partition());
  }

  // A tree holds one partition's batches only, but which one it was is not kept apart: all are made
  // anew.
  absl::StatusOr<FollowPoint> OnForked(FollowCursor& cursor, const absl::Status& why) override {
    if (options_.log) {
      options_.log(absl::StrCat("the audit's trees are made anew: ", std::string(why.message())));
    }
    RETURN_IF_ERROR(store_.Clear());
    trees_.Forget();
    for (Partition& other : partitions_) {
      if (&other.cursor != &cursor) follower_.Restart(other.cursor);
    }
    return FollowPoint{};
  }

  absl::Status OnBatch(FollowCursor& cursor, const StoredBatch& batch, BatchPlace place) override {
    const absl::Status taken = Take(cursor, batch, place);
    // What is in memory may be ahead of the store; another partition's page must not write it.
    if (!taken.ok()) trees_.Forget();
    return taken;
  }

  void OnFailure(FollowCursor&, const absl::Status& status) override {
    if (options_.on_error) options_.on_error(status);
  }

  absl::Status Take(FollowCursor& cursor, const StoredBatch& batch, BatchPlace place) {
    Partition& partition = partitions_[cursor.partition().value];
    for (const CommitPtr& commit : batch.commits) {
      RETURN_IF_ERROR(trees_.Append(*commit, BatchOf(cursor.partition(), batch)));
      partition.gathered += commit->event_count();
    }
    if (!place.last) return absl::OkStatus();
    AuditWrite write{.partition = cursor.partition(), .point = cursor.point()};
    trees_.TakeChanges(write);
    RETURN_IF_ERROR(store_.Write(write));
    partition.events += std::exchange(partition.gathered, 0);
    return absl::OkStatus();
  }

  AuditStore& store_;
  const AuditFollowerOptions options_;

  OpenTrees trees_;  // The thread's own.
  std::deque<Partition> partitions_;

  LogFollower follower_;  // Last: its thread uses all of the above.
};

}  // namespace

std::unique_ptr<AuditFollower> StartAuditFollower(EventLog& log, AuditStore& store,
                                                  const AuditFollowerOptions& options) {
  return std::make_unique<Follower>(log, store, options);
}

}  // namespace dealog::eventstore
