// Contract of subscriptions: everything once and in order, whether it was there before, comes
// while the follower catches up, or later; and a wake for whoever found nothing.
// Method: follow by Poll while another thread appends; compare with dense positions.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/contracts/event_log_contract.h"

namespace dealog::eventstore {
namespace {

constexpr size_t kPageBytes = 1 << 16;

// Counts wakes and lets a follower sleep until one.
class Bell {
 public:
  std::function<void()> Ring() {
    return [this] {
      std::lock_guard<std::mutex> lock(mu_);
      ++rung_;
      bell_.notify_all();
    };
  }
  // Until the next wake that was not waited for yet; false if none comes.
  bool Wait() {
    std::unique_lock<std::mutex> lock(mu_);
    const bool rung =
        bell_.wait_for(lock, std::chrono::seconds(20), [this] { return rung_ > heard_; });
    heard_ = rung_;
    return rung;
  }
  int rung() {
    std::lock_guard<std::mutex> lock(mu_);
    return rung_;
  }

 private:
  std::mutex mu_;
  std::condition_variable bell_;
  int rung_ = 0;
  int heard_ = 0;
};

// Appends `count` commits of one event in calls of a few; half of them of another tenant.
void AppendMany(EventLog& log, int count) {
  for (int i = 0; i < count;) {
    std::vector<NewCommit> commits;
    for (int size = 1 + i % 5; size > 0 && i < count; --size, ++i) {
      commits.push_back(MakeCommit("acme", {MakeEvent("deal/1", "T", std::string(200, 'x'))}));
      commits.push_back(MakeCommit("other", {MakeEvent("deal/1")}));
    }
    ASSERT_TRUE(AppendAll(log, commits).ok());
  }
}

TEST_P(EventLogContract, FollowsATenantFromAnyPosition) {
  AppendMany(log(), 20);
  for (uint64_t after = 0; after <= 20; ++after) {
    auto subscription = log().Subscribe(acme_, Position{after}).value();
    uint64_t next = after + 1;
    while (true) {
      const auto page = subscription->Poll(500);
      ASSERT_TRUE(page.ok()) << page.status();
      if (page->items.empty()) break;
      for (const CommitPtr& commit : page->items) {
        EXPECT_EQ(commit->header().tenant(), "acme");
        EXPECT_EQ(commit->first_position().value, next++);
      }
    }
    EXPECT_EQ(next, 21u);
  }
}

TEST_P(EventLogContract, ACommitIsDeliveredWholeToWhoStartsInsideIt) {
  ASSERT_TRUE(
      AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2")})).ok());
  const auto page = log().Subscribe(acme_, Position{1}).value()->Poll(kPageBytes);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0]->last_position().value, 2u);
}

// One page after the other, as small as they get.
std::vector<BatchPtr> AllBatches(EventLog& log) {
  auto subscription = log.SubscribePartition(PartitionId{0}, BatchNumber{0}).value();
  std::vector<BatchPtr> batches;
  for (auto page = subscription->Poll(1); !page->items.empty(); page = subscription->Poll(1)) {
    EXPECT_EQ(page->items.size(), 1u) << "at most about so many bytes, but at least one";
    batches.insert(batches.end(), page->items.begin(), page->items.end());
  }
  return batches;
}

TEST_P(EventLogContract, FollowsAPartitionWithItsEventlessCommits) {
  NewCommit eventless = MakeCommit("acme", {});
  eventless.request = MakeRequest("r1");
  ASSERT_TRUE(AppendAll(log(), {MakeCommit("acme", {MakeEvent("deal/1")}), eventless,
                                MakeCommit("other", {MakeEvent("deal/1")})})
                  .ok());
  ASSERT_TRUE(AppendOne(log(), eventless).ok());
  for (int i = 0; i < 2; ++i) {
    const std::vector<BatchPtr> batches = AllBatches(log());
    ASSERT_EQ(batches.size(), 2u);
    EXPECT_EQ(batches[0]->number.value, 1u);
    EXPECT_EQ(batches[0]->digest, log().BatchDigest(partition_, BatchNumber{1}).value());
    ASSERT_EQ(batches[0]->commits.size(), 3u);
    EXPECT_EQ(batches[0]->commits[1]->header().request_id(), "r1");
    EXPECT_EQ(batches[0]->commits[2]->header().tenant(), "other");
    EXPECT_EQ(batches[1]->commits.at(0)->event_count(), 0u);
    under_test().Reopen();
  }
}

TEST_P(EventLogContract, RefusesToFollowFromBeyondTheHead) {
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  EXPECT_THAT(log().Subscribe(acme_, Position{2}),
              FailsWith(absl::StatusCode::kFailedPrecondition, "POSITION_FORKED"));
  EXPECT_THAT(log().SubscribePartition(partition_, BatchNumber{2}),
              FailsWith(absl::StatusCode::kFailedPrecondition, "POSITION_FORKED"));
  EXPECT_EQ(log().SubscribePartition(PartitionId{7}, BatchNumber{0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(EventLogContract, DeliversLiveFromMemory) {
  auto subscription = log().Subscribe(acme_, Position{0}).value();
  EXPECT_TRUE(subscription->Poll(kPageBytes)->items.empty());
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  const auto page = subscription->Poll(kPageBytes);
  EXPECT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->from_ring, GetParam().live_from_ring);
}

TEST_P(EventLogContract, WakesWhoFoundNothing) {
  auto tenant = log().Subscribe(acme_, Position{0}).value();
  auto partition = log().SubscribePartition(partition_, BatchNumber{0}).value();
  Bell tenant_bell, partition_bell;
  tenant->SetWake(tenant_bell.Ring());
  partition->SetWake(partition_bell.Ring());
  EXPECT_TRUE(tenant->Poll(kPageBytes)->items.empty());
  EXPECT_TRUE(partition->Poll(kPageBytes)->items.empty());

  ASSERT_TRUE(AppendOne(log(), MakeCommit("other", {MakeEvent("deal/1")})).ok());
  EXPECT_EQ(tenant_bell.rung(), 0) << "another tenant's commit";
  EXPECT_EQ(partition_bell.rung(), 1);
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  EXPECT_EQ(tenant_bell.rung(), 1);
  EXPECT_EQ(partition_bell.rung(), 1) << "it has not polled since";

  EXPECT_EQ(partition->Poll(kPageBytes)->items.size(), 2u);
  EXPECT_TRUE(partition->Poll(kPageBytes)->items.empty());
  partition->SetWake({});
  ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  EXPECT_EQ(partition_bell.rung(), 1) << "cleared";
}

// Follows with `subscription` to `until` (in steps of `step`), sleeping whenever it is caught up.
template <typename Item, typename Step>
void FollowTo(Subscription<Item>& subscription, uint64_t until, Step step) {
  Bell bell;
  subscription.SetWake(bell.Ring());
  for (uint64_t at = 0; at < until;) {
    const auto page = subscription.Poll(2000);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Item& item : page->items) at = step(item, at);
    if (page->items.empty()) {
      ASSERT_TRUE(bell.Wait()) << "no wake after " << at;
    }
  }
  subscription.SetWake({});
}

TEST_P(EventLogContract, NothingIsMissedOrDoubledUnderLoad) {
  constexpr int kBefore = 200;
  constexpr int kDuring = 600;
  AppendMany(log(), kBefore);
  const uint64_t first_batches = log().BatchHead(partition_).number.value;
  std::atomic<uint64_t> last_batch = 0;
  std::thread writer([&] {
    AppendMany(log(), kDuring);
    last_batch = log().BatchHead(partition_).number.value;
    // Lets the partition's follower, who can't know the number, stop.
    ASSERT_TRUE(AppendOne(log(), MakeCommit("end", {MakeEvent("deal/1")})).ok());
  });
  std::vector<std::thread> followers;
  for (int i = 0; i < 2; ++i) {
    followers.emplace_back([&] {
      auto subscription = log().Subscribe(acme_, Position{0}).value();
      FollowTo(*subscription, kBefore + kDuring, [](const CommitPtr& commit, uint64_t at) {
        EXPECT_EQ(commit->first_position().value, at + 1);
        return commit->last_position().value;
      });
    });
    followers.emplace_back([&] {
      auto subscription = log().SubscribePartition(partition_, BatchNumber{0}).value();
      FollowTo(*subscription, UINT64_MAX, [](const BatchPtr& batch, uint64_t at) {
        EXPECT_EQ(batch->number.value, at + 1);
        const bool end = batch->commits[0]->header().tenant() == "end";
        return end ? UINT64_MAX : batch->number.value;
      });
    });
  }
  writer.join();
  for (std::thread& follower : followers) follower.join();
  EXPECT_GT(last_batch.load(), first_batches);
}

TEST_P(EventLogContract, AReaderNeverSeesHalfACommitOrAGap) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(AppendOne(log(), MakeCommit("acme", {MakeEvent("deal/1"), MakeEvent("deal/2"),
                                                       MakeEvent("deal/1")}))
                      .ok());
    }
    done = true;
  });
  uint64_t last = 0;
  while (!done) {
    const uint64_t head = log().Head(acme_)->position.value;
    EXPECT_EQ(head % 3, 0u);
    EXPECT_GE(head, last);
    last = head;
    const auto page = log().ReadTenant(acme_, {.direction = Direction::kBackward, .limit = 10});
    ASSERT_TRUE(page.ok());
    for (size_t i = 1; i < page->events.size(); ++i) {
      EXPECT_EQ(page->events[i].position().value + 1, page->events[i - 1].position().value);
    }
    if (!page->events.empty()) {
      EXPECT_GE(page->events[0].position().value, head);
    }
    const auto stream = log().ReadStream(acme_, MakeStream("deal/1"), {});
    EXPECT_EQ(stream->events.size() % 2, 0u);
  }
  writer.join();
  EXPECT_EQ(log().Head(acme_)->position.value, 600u);
}

}  // namespace
}  // namespace dealog::eventstore
