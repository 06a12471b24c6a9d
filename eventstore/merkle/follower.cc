#include "eventstore/merkle/follower.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "eventstore/base/worker.h"
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

  // After a write that failed: what is in memory is ahead of the store.
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

size_t BytesOf(const std::vector<BatchPtr>& batches) {
  size_t bytes = 0;
  for (const BatchPtr& batch : batches) {
    for (const CommitPtr& commit : batch->commits) bytes += commit->bytes().size();
  }
  return bytes;
}

class Follower final : public AuditFollower {
 public:
  Follower(EventLog& log, AuditStore& store, const AuditFollowerOptions& options)
      : log_(log), store_(store), options_(options), trees_(store) {
    for (uint32_t i = 0; i < log.partition_count(); ++i) partitions_.push_back({PartitionId{i}});
    progress_.resize(partitions_.size());
    behind_since_us_.resize(partitions_.size());
    // Before anybody is answered from trees of another log; what can't be told now is told later.
    for (Partition& partition : partitions_) Open(partition).IgnoreError();
    worker_ = base::Worker("audit", [this] { Loop(); });
  }
  ~Follower() override { Stop(); }

  void WaitFor(const TenantId& tenant, Position position, absl::Duration at_most) override {
    const int64_t until = base::MonotonicMicros() + absl::ToInt64Microseconds(at_most);
    for (uint64_t seen = advances();;) {
      // Read without the lock, which the appending thread takes, too.
      const absl::StatusOr<TreeHead> head = store_.Head(tenant);
      if (!head.ok() || head->size >= position.value) return;
      base::MutexLock lock(mu_);
      while (advances_ == seen) {
        const int64_t left = until - base::MonotonicMicros();
        if (left <= 0 || stopping_) return;
        hurried_ = true;
        woken_ = true;
        wake_.NotifyAll();
        advanced_.WaitFor(mu_, std::chrono::microseconds(left));
      }
      seen = advances_;
    }
  }

  AuditProgress Progress(PartitionId partition) const override {
    const BatchNumber head = log_.BatchHead(partition).number;
    base::MutexLock lock(mu_);
    AuditProgress progress = progress_.at(partition.value);
    const int64_t since = behind_since_us_.at(partition.value);
    if (head > progress.number && since > 0) {
      progress.lag_seconds = static_cast<double>(base::MonotonicMicros() - since) / 1e6;
    }
    return progress;
  }

  void Stop() override {
    {
      base::MutexLock lock(mu_);
      stopping_ = true;
      wake_.NotifyAll();
      advanced_.NotifyAll();
    }
    worker_.Join();
  }

 private:
  struct Partition {
    PartitionId id;
    std::unique_ptr<BatchSubscription> follow;  // Null: to be opened at the store's point.
  };

  // Called from the appending thread.
  void Wake(PartitionId partition) {
    base::MutexLock lock(mu_);
    woken_ = true;
    int64_t& since = behind_since_us_[partition.value];
    if (since == 0) since = base::MonotonicMicros();
    wake_.NotifyAll();
  }

  // What a step says of the next one.
  enum class Next { kWhenWoken, kAfterGathering, kAtOnce };

  void Loop() {
    while (!stopping()) {
      Next next = Next::kWhenWoken;
      for (Partition& partition : partitions_) {
        const absl::StatusOr<Next> step = Step(partition);
        if (!step.ok()) Fail(partition, step.status());
        next = std::max(next, step.ok() ? *step : Next::kAfterGathering);
        if (stopping()) break;
      }
      if (next == Next::kWhenWoken) WaitUntilWoken();
      if (next != Next::kAtOnce) Gather();
    }
    for (Partition& partition : partitions_) partition.follow.reset();
  }

  bool stopping() const {
    base::MutexLock lock(mu_);
    return stopping_;
  }
  uint64_t advances() const {
    base::MutexLock lock(mu_);
    return advances_;
  }

  void WaitUntilWoken() {
    base::MutexLock lock(mu_);
    while (!woken_ && !stopping_) wake_.Wait(mu_);
  }

  // Lets a partial tile fill up, unless a caller waits.
  void Gather() {
    base::MutexLock lock(mu_);
    const int64_t until = base::MonotonicMicros() + options_.gather_us;
    while (!hurried_ && !stopping_) {
      const int64_t left = until - base::MonotonicMicros();
      if (left <= 0) break;
      wake_.WaitFor(mu_, std::chrono::microseconds(left));
    }
    woken_ = false;
    hurried_ = false;
  }

  absl::StatusOr<Next> Step(Partition& partition) {
    if (partition.follow == nullptr) RETURN_IF_ERROR(Open(partition));
    const int64_t polled_us = base::MonotonicMicros();
    // What is published after this moment wakes, and says so itself.
    const int64_t behind_since_us = TakeBehindSince(partition.id);
    ASSIGN_OR_RETURN(const auto page, partition.follow->Poll(kAuditPageBytes));
    if (page.items.empty()) return Next::kWhenWoken;
    // A page that was not filled from the ring has everything there was.
    const bool all = page.from_ring && BytesOf(page.items) < kAuditPageBytes / 2;
    SetBehindSince(partition.id, all || behind_since_us == 0 ? polled_us : behind_since_us);
    AuditWrite write{.partition = partition.id};
    uint64_t events = 0;
    for (const BatchPtr& batch : page.items) {
      for (const CommitPtr& commit : batch->commits) {
        RETURN_IF_ERROR(trees_.Append(*commit, BatchOf(partition.id, *batch)));
        events += commit->event_count();
      }
    }
    write.point = {page.items.back()->number, page.items.back()->digest};
    trees_.TakeChanges(write);
    RETURN_IF_ERROR(store_.Write(write));
    Hashed(partition.id, events);
    Advanced(partition.id, write.point.number);
    return all ? Next::kAfterGathering : Next::kAtOnce;
  }

  absl::Status Open(Partition& partition) {
    ASSIGN_OR_RETURN(AuditPoint point, store_.Point(partition.id));
    if (point.number.value > 0) {
      const absl::StatusOr<std::string> digest = log_.BatchDigest(partition.id, point.number);
      if (!digest.ok() && digest.status().code() != absl::StatusCode::kNotFound) {
        return digest.status();
      }
      if (!digest.ok() || *digest != point.digest) {
        if (options_.log) {
          options_.log(absl::StrCat("the audit's trees are made anew: they are of another batch ",
                                    point.number.value, " of partition ", partition.id.value));
        }
        // A tree holds one partition's batches only, but which one it was is not kept apart.
        RETURN_IF_ERROR(store_.Clear());
        trees_.Forget();
        for (Partition& other : partitions_) other.follow.reset();
        point = {};
      }
    }
    ASSIGN_OR_RETURN(partition.follow, log_.SubscribePartition(partition.id, point.number));
    partition.follow->SetWake([this, id = partition.id] { Wake(id); });
    Advanced(partition.id, point.number);
    return absl::OkStatus();
  }

  void Advanced(PartitionId partition, BatchNumber number) {
    base::MutexLock lock(mu_);
    progress_[partition.value].number = number;
    ++advances_;
    advanced_.NotifyAll();
  }

  void Hashed(PartitionId partition, uint64_t events) {
    base::MutexLock lock(mu_);
    progress_[partition.value].events += events;
    progress_[partition.value].error.clear();
  }

  int64_t TakeBehindSince(PartitionId partition) {
    base::MutexLock lock(mu_);
    return std::exchange(behind_since_us_[partition.value], 0);
  }
  void SetBehindSince(PartitionId partition, int64_t since_us) {
    base::MutexLock lock(mu_);
    behind_since_us_[partition.value] = since_us;
  }

  // True if it is another one than that of the attempt before.
  bool NoteError(PartitionId partition, const absl::Status& status) {
    base::MutexLock lock(mu_);
    std::string& error = progress_[partition.value].error;
    if (error == status.message()) return false;
    error = std::string(status.message());
    return true;
  }

  // Tries again after a pause, from where the store is.
  void Fail(Partition& partition, const absl::Status& status) {
    partition.follow.reset();
    trees_.Forget();
    if (NoteError(partition.id, status) && options_.on_error) options_.on_error(status);
    base::MutexLock lock(mu_);
    int64_t& since = behind_since_us_[partition.id.value];
    if (since == 0) since = base::MonotonicMicros();
    advanced_.NotifyAll();
    if (!stopping_) wake_.WaitFor(mu_, std::chrono::microseconds(kAuditRetryMicros));
    woken_ = true;
  }

  EventLog& log_;
  AuditStore& store_;
  const AuditFollowerOptions options_;

  // The thread's own.
  OpenTrees trees_;
  std::vector<Partition> partitions_;

  mutable base::Mutex mu_;
  base::CondVar wake_;      // There is something to do.
  base::CondVar advanced_;  // The store got further.
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool hurried_ ABSL_GUARDED_BY(mu_) = false;  // A caller waits.
  uint64_t advances_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<AuditProgress> progress_ ABSL_GUARDED_BY(mu_);   // By partition.
  std::vector<int64_t> behind_since_us_ ABSL_GUARDED_BY(mu_);  // By partition; 0: caught up.

  base::Worker worker_;  // Last: its thread uses all of the above.
};

}  // namespace

std::unique_ptr<AuditFollower> StartAuditFollower(EventLog& log, AuditStore& store,
                                                  const AuditFollowerOptions& options) {
  return std::make_unique<Follower>(log, store, options);
}

}  // namespace dealog::eventstore
