#include "eventstore/ring.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"

namespace dealog::eventstore {

size_t BatchBytes(const StoredBatch& batch) {
  size_t bytes = 0;
  for (const CommitPtr& commit : batch.commits) bytes += commit->bytes().size();
  return bytes;
}

BatchRing::~BatchRing() {
  base::MutexLock lock(wake_mu_);
  DEALOG_CHECK(waiters_.empty()) << "a subscription outlives its log";
}

void BatchRing::Publish(BatchPtr batch) {
  {
    base::MutexLock lock(mu_);
    Add(batch);
    while (bytes_ > bytes_max_) EvictOldest();
  }
  Wake(*batch);
}

void BatchRing::Add(BatchPtr batch) {
  DEALOG_CHECK(batch->number.value == head_.value + 1)
      << "batch " << batch->number.value << " after " << head_.value;
  head_ = batch->number;
  bytes_ += BatchBytes(*batch);
  for (const CommitPtr& commit : batch->commits) {
    if (commit->event_count() > 0) tenants_[std::string(commit->tenant())].push_back(commit);
  }
  batches_.push_back(std::move(batch));
}

void BatchRing::EvictOldest() {
  const BatchPtr oldest = std::move(batches_.front());
  batches_.pop_front();
  bytes_ -= BatchBytes(*oldest);
  for (const CommitPtr& commit : oldest->commits) {
    if (commit->event_count() == 0) continue;
    const auto tenant = tenants_.find(std::string(commit->tenant()));
    DEALOG_CHECK(tenant != tenants_.end() && tenant->second.front() == commit);
    tenant->second.pop_front();
    if (tenant->second.empty()) tenants_.erase(tenant);
  }
}

BatchRing::Found<BatchPtr> BatchRing::BatchesAfter(BatchNumber after, size_t bytes_max) const {
  base::MutexLock lock(mu_);
  if (after >= head_) return {};
  const uint64_t first = head_.value - batches_.size() + 1;
  if (after.value + 1 < first) return {.older = true};
  Found<BatchPtr> found;
  size_t bytes = 0;
  for (size_t i = after.value + 1 - first; i < batches_.size() && bytes < bytes_max; ++i) {
    bytes += BatchBytes(*batches_[i]);
    found.items.push_back(batches_[i]);
  }
  return found;
}

BatchRing::Found<CommitPtr> BatchRing::CommitsAfter(const std::string& tenant, Position after,
                                                    size_t bytes_max) const {
  base::MutexLock lock(mu_);
  const auto entry = tenants_.find(tenant);
  if (entry == tenants_.end()) return {.older = true};
  const std::deque<CommitPtr>& commits = entry->second;
  if (commits.front()->first_position().value > after.value + 1) return {.older = true};
  auto next = std::upper_bound(commits.begin(), commits.end(), after,
                               [](Position position, const CommitPtr& commit) {
                                 return position < commit->last_position();
                               });
  Found<CommitPtr> found;
  for (size_t bytes = 0; next != commits.end() && bytes < bytes_max; ++next) {
    bytes += (*next)->bytes().size();
    found.items.push_back(*next);
  }
  return found;
}

void BatchRing::Register(Waiter* waiter) {
  base::MutexLock lock(wake_mu_);
  waiters_[waiter->tenant].insert(waiter);
}

void BatchRing::SetWake(Waiter* waiter, std::function<void()> wake) {
  base::MutexLock lock(wake_mu_);
  waiter->wake = std::move(wake);
}

void BatchRing::Unregister(Waiter* waiter) {
  base::MutexLock lock(wake_mu_);
  const auto group = waiters_.find(waiter->tenant);
  group->second.erase(waiter);
  if (group->second.empty()) waiters_.erase(group);
}

void BatchRing::Wake(const StoredBatch& batch) {
  base::MutexLock lock(wake_mu_);
  if (waiters_.empty()) return;
  const auto wake_group = [this](const std::string& tenant) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const auto group = waiters_.find(tenant);
    if (group == waiters_.end()) return;
    for (Waiter* waiter : group->second) {
      if (waiter->armed.exchange(false) && waiter->wake) waiter->wake();
    }
  };
  wake_group("");
  for (const CommitPtr& commit : batch.commits) {
    if (commit->event_count() > 0) wake_group(std::string(commit->tenant()));
  }
}

}  // namespace dealog::eventstore
