#pragma once

// The newest batches of one partition, in memory and shared by all who follow it; and who to wake.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// A bounded window on the end of a partition. It answers from what it holds; who asks for older
// things reads them elsewhere, at its own place: nothing is kept per follower but whom to wake.
// Thread safety: yes.
// Invariant: holds consecutive batches up to the newest published, and of each tenant consecutive
// commits up to its newest.
class BatchRing {
 public:
  // Somebody who waits for news of one tenant, or (tenant empty) of the whole partition.
  struct Waiter {
    std::string tenant;
    std::function<void()> wake;  // Guarded by the ring.
    std::atomic<bool> armed = false;
  };
  // What there is after a place: from the ring; or, with `older`, perhaps only elsewhere.
  template <typename Item>
  struct Found {
    std::vector<Item> items;
    bool older = false;
  };

  // `head`: the newest batch that was published before. Keeps about `bytes_max` bytes of commits.
  BatchRing(BatchNumber head, size_t bytes_max) : bytes_max_(bytes_max), head_(head) {}

  // Every waiter must have been unregistered (checked).
  ~BatchRing();

  // Adds the next batch (checked), forgets the oldest beyond the limit, wakes who is armed.
  void Publish(BatchPtr batch);

  // At most about `bytes_max` bytes, but at least one item if there is one.
  Found<BatchPtr> BatchesAfter(BatchNumber after, size_t bytes_max) const;
  Found<CommitPtr> CommitsAfter(const std::string& tenant, Position after, size_t bytes_max) const;

  // How often a follower found what it asked for elsewhere only: on disk.
  void CountMiss() { misses_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }
  // Bytes of commits at hand.
  size_t bytes() const {
    base::MutexLock lock(mu_);
    return bytes_;
  }

  void Register(Waiter* waiter);
  // After these return the old `wake` is not running and is not called any more.
  void SetWake(Waiter* waiter, std::function<void()> wake);
  void Unregister(Waiter* waiter);

 private:
  void Add(BatchPtr batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EvictOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Wake(const StoredBatch& batch);

  const size_t bytes_max_;
  std::atomic<uint64_t> misses_ = 0;

  mutable base::Mutex mu_;
  BatchNumber head_ ABSL_GUARDED_BY(mu_);
  std::deque<BatchPtr> batches_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::deque<CommitPtr>> tenants_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;

  // Apart from mu_, so that a follower may poll while another's `wake` takes its time. Never taken
  // inside mu_.
  base::Mutex wake_mu_;
  absl::flat_hash_map<std::string, absl::flat_hash_set<Waiter*>> waiters_ ABSL_GUARDED_BY(wake_mu_);
};

// Bytes that a batch's commits take.
size_t BatchBytes(const StoredBatch& batch);

}  // namespace dealog::eventstore
