// Method: groups whose log was restored to an older state, at once or after it has grown again.

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "eventstore/base/error.h"
#include "eventstore/forks.h"
#include "tests/services/groups/fixture.h"

namespace dealog::groups {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class ForksTest : public GroupsFixture {
 protected:
  // The log as a restore leaves it: its first `batches` batches, then the claim of a new owner.
  void RestoreLog(size_t batches) {
    const eventstore::PartitionId partition{0};
    const auto disk = std::make_shared<eventstore::MemoryDisk>();
    for (size_t i = 0; i < batches; ++i) disk->Write(partition, disk_->Batches(partition)[i]);
    const auto cut = eventstore::MakeMemoryLog({.disk = disk});
    std::map<std::string, uint64_t> heads;
    for (const TenantId& tenant : cut->Tenants()) {
      heads[tenant.value] = cut->Head(tenant)->position.value;
    }
    const eventstore::PartitionHead before = cut->BatchHead(partition);
    const auto claim = eventstore::MakeClaim(partition, before, before.owner_epoch + 1,
                                             /*written_at_us=*/0, heads);
    disk->Write(partition, {.header = claim.SerializeAsString(), .commits = {}});
    disk_ = disk;
    log_ = eventstore::MakeMemoryLog({.disk = disk_});
  }
};

TEST_F(ForksTest, AGroupBeyondTheHeadOfARestoredLogWaitsForAReset) {
  Append({"deal/1", "deal/2"});
  Create();
  auto consumer = Join();
  for (const Delivered& delivery : Take(*consumer, 2)) consumer->Settle({delivery.id}, kAck);
  ASSERT_EQ(Status().checkpoint, Position{2});
  consumer.reset();
  groups_.reset();
  log_ = eventstore::MakeMemoryLog({});  // Restored to a time before the second event.
  Append({"deal/1"});
  Start();
  EXPECT_EQ(Status().halted_reason, "POSITION_FORKED");
  EXPECT_EQ(base::ReasonOf(EndOf(*Join())), "POSITION_FORKED");
  groups_.reset();
  Append({"deal/5", "deal/6"});  // The log grows past the checkpoint: other events.
  Start();
  EXPECT_EQ(base::ReasonOf(EndOf(*Join())), "POSITION_FORKED");
  ASSERT_TRUE(groups_->Reset(kGroup, Position{1}).ok());
  consumer = Join();
  EXPECT_THAT(Positions(Take(*consumer, 2)), ElementsAre(2, 3));
}

// The log has grown past the checkpoint before the groups' folder came back.
TEST_F(ForksTest, ACheckpointOfAnOlderEpochIsComparedWithWhereThatEndedNotWithTheHead) {
  Append({"deal/1", "deal/2", "deal/3"});
  Create();
  ASSERT_TRUE(groups_->Create({{"acme"}, "early"}, {}, Position{1}).ok());
  EXPECT_EQ(Status().owner_epoch, 1u);
  auto consumer = Join();
  for (const Delivered& delivery : Take(*consumer, 3)) consumer->Settle({delivery.id}, kAck);
  ASSERT_EQ(Status().checkpoint, Position{3});
  consumer.reset();
  groups_.reset();
  RestoreLog(/*batches=*/2);
  Append({"deal/7", "deal/8", "deal/9"});
  Start();
  EXPECT_EQ(Status().halted_reason, "POSITION_FORKED");
  EXPECT_EQ(Status().owner_epoch, 1u);
  EXPECT_EQ(base::ReasonOf(EndOf(*Join())), "POSITION_FORKED");
  // Where nothing was cut off, it goes on, and its checkpoint names the new epoch.
  const GroupStatus early = groups_->Get({{"acme"}, "early"}).value();
  EXPECT_EQ(early.halted_reason, "");
  EXPECT_EQ(early.owner_epoch, 2u);
  ASSERT_TRUE(groups_->Reset(kGroup, Position{2}).ok());
  EXPECT_EQ(Status().owner_epoch, 2u);
  EXPECT_EQ(Status().halted_reason, "");
  CrashAndStart();
  EXPECT_EQ(Status().halted_reason, "");
}

TEST_F(ForksTest, WhatIsKnownOfEventsThatARestoreCutOffIsForgotten) {
  Append({"deal/1", "deal/2", "deal/3", "deal/4"});
  Create();
  auto consumer = Join();
  const auto taken = Take(*consumer, 4);
  consumer->Settle({taken[1].id, taken[3].id}, {.kind = Settlement::Kind::kPark});
  ASSERT_EQ(Status().parked, 2u);
  consumer.reset();
  groups_.reset();
  RestoreLog(/*batches=*/2);
  Append({"deal/7", "deal/8"});
  Start();
  EXPECT_EQ(Status().checkpoint, Position{0});
  const ParkedEvents parked = groups_->ListParked(kGroup, Position{0}, 10).value();
  ASSERT_THAT(parked, SizeIs(1));
  EXPECT_EQ(parked[0].first, Position{2});
  consumer = Join();
  const auto again = Take(*consumer, 3);
  ASSERT_THAT(Positions(again), ElementsAre(1, 3, 4));
  EXPECT_EQ(again[0].id.number, 2u);
  EXPECT_EQ(again[1].id.number, 1u);  // Another event than the one that was delivered there.
}

}  // namespace
}  // namespace dealog::groups
