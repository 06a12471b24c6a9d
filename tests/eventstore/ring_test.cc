// BatchRing: what it holds, what it forgets, and that it says so.
// Method: publish batches of known sizes into a small ring and ask from every place.

#include "eventstore/ring.h"

#include "eventstore/commit_codec.h"
#include "gmock/gmock.h"
#include "tests/support/event_log_commits.h"

namespace dealog::eventstore {
namespace {

constexpr size_t kAll = 1 << 30;

CommitPtr CommitAt(std::string_view tenant, uint64_t first, size_t events = 1) {
  NewCommit commit = MakeCommit(tenant, {});
  if (events == 0) commit.request = MakeRequest("r");
  CommitPlacement placement;
  placement.first = Position{first};
  placement.recorded_at_us = 1;
  for (size_t i = 0; i < events; ++i) {
    commit.events.push_back(MakeEvent("deal/1", "T", std::string(1000, 'x')));
    placement.revisions.push_back(Revision{first + i});
  }
  return StoredCommit::Parse(CommitEncoder().Encode(commit, placement)).value();
}

BatchPtr BatchOf(uint64_t number, std::vector<CommitPtr> commits) {
  return std::make_shared<StoredBatch>(
      StoredBatch{BatchNumber{number}, std::string(32, 'd'), std::move(commits)});
}

std::vector<uint64_t> Numbers(const BatchRing::Found<BatchPtr>& found) {
  std::vector<uint64_t> numbers;
  for (const BatchPtr& batch : found.items) numbers.push_back(batch->number.value);
  return numbers;
}

std::vector<uint64_t> Positions(const BatchRing::Found<CommitPtr>& found) {
  std::vector<uint64_t> positions;
  for (const CommitPtr& commit : found.items) positions.push_back(commit->first_position().value);
  return positions;
}

TEST(BatchRing, KeepsTheNewestAndSaysWhatIsOlder) {
  BatchRing ring(BatchNumber{10}, 3500);  // Room for three commits of a bit over 1000 bytes.
  for (uint64_t i = 1; i <= 5; ++i) ring.Publish(BatchOf(10 + i, {CommitAt("acme", i)}));
  EXPECT_THAT(Numbers(ring.BatchesAfter(BatchNumber{12}, kAll)), testing::ElementsAre(13, 14, 15));
  EXPECT_THAT(Numbers(ring.BatchesAfter(BatchNumber{14}, kAll)), testing::ElementsAre(15));
  EXPECT_THAT(Numbers(ring.BatchesAfter(BatchNumber{12}, 1)), testing::ElementsAre(13));
  EXPECT_TRUE(ring.BatchesAfter(BatchNumber{11}, kAll).older);
  EXPECT_TRUE(ring.BatchesAfter(BatchNumber{11}, kAll).items.empty());
  EXPECT_FALSE(ring.BatchesAfter(BatchNumber{15}, kAll).older) << "caught up";

  EXPECT_THAT(Positions(ring.CommitsAfter("acme", Position{2}, kAll)),
              testing::ElementsAre(3, 4, 5));
  EXPECT_THAT(Positions(ring.CommitsAfter("acme", Position{3}, 1)), testing::ElementsAre(4));
  EXPECT_TRUE(ring.CommitsAfter("acme", Position{1}, kAll).older);
  EXPECT_FALSE(ring.CommitsAfter("acme", Position{5}, kAll).older);
  EXPECT_TRUE(ring.CommitsAfter("other", Position{0}, kAll).older) << "it can't know";
}

TEST(BatchRing, ATenantsWindowOutlivesOthersBatches) {
  BatchRing ring(BatchNumber{0}, kAll);
  ring.Publish(BatchOf(1, {CommitAt("acme", 1, 2), CommitAt("other", 1)}));
  ring.Publish(BatchOf(2, {CommitAt("other", 2), CommitAt("acme", 2, 0)}));
  ring.Publish(BatchOf(3, {CommitAt("acme", 3)}));
  EXPECT_THAT(Positions(ring.CommitsAfter("acme", Position{0}, kAll)), testing::ElementsAre(1, 3));
  EXPECT_THAT(Positions(ring.CommitsAfter("acme", Position{1}, kAll)), testing::ElementsAre(1, 3))
      << "who stands inside a commit gets it whole";
  EXPECT_THAT(Positions(ring.CommitsAfter("acme", Position{2}, kAll)), testing::ElementsAre(3));
}

TEST(BatchRing, HoldsNothingWithoutRoomButStillWakes) {
  BatchRing ring(BatchNumber{0}, 0);
  BatchRing::Waiter waiter;
  waiter.tenant = "acme";
  int woken = 0;
  ring.Register(&waiter);
  ring.SetWake(&waiter, [&] { ++woken; });
  waiter.armed = true;
  ring.Publish(BatchOf(1, {CommitAt("acme", 1)}));
  EXPECT_EQ(woken, 1);
  ring.Publish(BatchOf(2, {CommitAt("acme", 2)}));
  EXPECT_EQ(woken, 1) << "not armed again";
  EXPECT_TRUE(ring.BatchesAfter(BatchNumber{1}, kAll).older);
  ring.Unregister(&waiter);
}

TEST(BatchRingDeathTest, RefusesABatchOutOfOrder) {
  BatchRing ring(BatchNumber{4}, kAll);
  EXPECT_DEATH(ring.Publish(BatchOf(6, {CommitAt("acme", 1)})), "batch 6 after 4");
}

}  // namespace
}  // namespace dealog::eventstore
