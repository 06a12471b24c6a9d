#include "eventstore/subscription.h"

#include <utility>

#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

// What a follower of Items needs to know of them.
struct TenantFeed {
  using Item = CommitPtr;
  TenantId tenant;
  Position after;

  std::string WaitsFor() const { return tenant.value; }
  BatchRing::Found<Item> FromRing(const BatchRing& ring, size_t bytes_max) const {
    return ring.CommitsAfter(tenant.value, after, bytes_max);
  }
  absl::StatusOr<std::vector<Item>> FromSource(const CatchUpSource& source,
                                               size_t bytes_max) const {
    return source.ReadCommitsAfter(tenant, after, bytes_max);
  }
  void Advance(const Item& last) { after = last->last_position(); }
};

struct PartitionFeed {
  using Item = BatchPtr;
  PartitionId partition;
  BatchNumber after;

  std::string WaitsFor() const { return ""; }
  BatchRing::Found<Item> FromRing(const BatchRing& ring, size_t bytes_max) const {
    return ring.BatchesAfter(after, bytes_max);
  }
  absl::StatusOr<std::vector<Item>> FromSource(const CatchUpSource& source,
                                               size_t bytes_max) const {
    return source.ReadBatchesAfter(partition, after, bytes_max);
  }
  void Advance(const Item& last) { after = last->number; }
};

// The hand-over needs no state: the place (`after`) is dense and unique in ring and source alike,
// so each Poll may take either.
template <typename Feed>
class FeedSubscription : public Subscription<typename Feed::Item> {
 public:
  using Page = typename Subscription<typename Feed::Item>::Page;

  FeedSubscription(BatchRing& ring, const CatchUpSource* source, Feed feed)
      : ring_(ring), source_(source), feed_(std::move(feed)) {
    waiter_.tenant = feed_.WaitsFor();
    ring_.Register(&waiter_);
  }
  ~FeedSubscription() override { ring_.Unregister(&waiter_); }

  absl::StatusOr<Page> Poll(size_t bytes_max) override {
    // Armed before looking: what is published after the look wakes, what came before is seen.
    waiter_.armed = true;
    auto found = feed_.FromRing(ring_, bytes_max);
    Page page{.items = std::move(found.items), .from_ring = true};
    if (page.items.empty() && found.older && source_ != nullptr) {
      ASSIGN_OR_RETURN(page.items, feed_.FromSource(*source_, bytes_max));
      page.from_ring = false;
    }
    if (page.items.empty()) return Page{};
    if (!page.from_ring) ring_.CountMiss();
    waiter_.armed = false;
    feed_.Advance(page.items.back());
    return page;
  }

  void SetWake(std::function<void()> wake) override { ring_.SetWake(&waiter_, std::move(wake)); }

 private:
  BatchRing& ring_;
  const CatchUpSource* const source_;
  Feed feed_;
  BatchRing::Waiter waiter_;
};

}  // namespace

std::unique_ptr<CommitSubscription> MakeCommitSubscription(BatchRing& ring,
                                                           const CatchUpSource* source,
                                                           TenantId tenant, Position after) {
  return std::make_unique<FeedSubscription<TenantFeed>>(ring, source,
                                                        TenantFeed{std::move(tenant), after});
}

std::unique_ptr<BatchSubscription> MakeBatchSubscription(BatchRing& ring,
                                                         const CatchUpSource* source,
                                                         PartitionId partition, BatchNumber after) {
  return std::make_unique<FeedSubscription<PartitionFeed>>(ring, source,
                                                           PartitionFeed{partition, after});
}

}  // namespace dealog::eventstore
