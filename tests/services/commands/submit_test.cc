// Method: several partitions of one memory log; every tenant's commands must reach its own.

#include "services/commands/submit.h"

#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

class SequencersTest : public ::testing::Test {
 protected:
  absl::StatusOr<CommandResult> Run(const std::string& tenant, DecideFunction decide,
                                    bool creates_tenant = false) {
    return Execute(
        sequencers_,
        {.tenant = {tenant}, .origin = {.principal = "user:ada"}, .creates_tenant = creates_tenant},
        std::move(decide));
  }

  testing::ManualClock clock_;
  std::unique_ptr<eventstore::EventLog> log_ =
      eventstore::MakeMemoryLog({.partition_count = 3, .clock = &clock_});
  Sequencers sequencers_{*log_, clock_, {.unique_key_secret = kSecret}};
};

TEST_F(SequencersTest, RoutesByTenant) {
  for (int i = 0; i < 12; ++i) {
    const std::string tenant = absl::StrCat("tenant-", i);
    ASSERT_TRUE(Run(tenant, OpenDeal("deal_1"), true).ok());
    const auto result = Run(tenant, TagDeal("deal_1", "hot"));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->position.value, 2u);
    const auto token = DecodeToken(result->token);
    EXPECT_EQ(token->partition, log_->PartitionOf({tenant}));
    EXPECT_EQ(&sequencers_.Of({tenant}), &sequencers_.at(token->partition));
  }
  sequencers_.Drain();
  const SequencerStats sum = sequencers_.stats();
  EXPECT_EQ(sum.commands, 24u);
  EXPECT_EQ(sum.events, 24u);
  uint64_t batches = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    batches += log_->BatchHead(eventstore::PartitionId{i}).number.value;
  }
  EXPECT_EQ(sum.batches, batches);
}

TEST_F(SequencersTest, DrainStopsEveryPartition) {
  sequencers_.Drain();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(base::ReasonOf(Run(absl::StrCat("tenant-", i), OpenDeal("deal_1"), true).status()),
              "NOT_READY");
  }
}

TEST_F(SequencersTest, ExecuteDescribes) {
  Shown shown;
  const auto result = Execute(sequencers_, {.tenant = kAcme, .creates_tenant = true},
                              OpenDeal("deal_1"), ShowTags(shown));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(shown.revision, 1u);
}

}  // namespace
}  // namespace dealog::commands
