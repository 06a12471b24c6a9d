// Method: streams written through a sequencer, read back without it, at every revision.

#include "services/commands/state_loader.h"

#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

using ::testing::ElementsAre;

class StateLoaderTest : public SequencerFixture {
 protected:
  StateLoaderTest() {
    CreateTenant();
    EXPECT_TRUE(Run(OpenDeal("deal_1")).ok());
    EXPECT_TRUE(Run(TagDeal("deal_1", "a")).ok());
    EXPECT_TRUE(Run(TagDeal("deal_1", "b")).ok());
  }
  static std::vector<std::string> Tags(const domain::AggregateState& state) {
    return dynamic_cast<const domain::DealState&>(state).tags.Keys();
  }
};

TEST_F(StateLoaderTest, FoldsUpToARevision) {
  const domain::StreamRef deal{"deal", "deal_1"};
  EXPECT_EQ((*FoldStream(*log_, kAcme, deal, eventstore::Revision{0}))->revision, 0u);
  EXPECT_THAT(Tags(**FoldStream(*log_, kAcme, deal, eventstore::Revision{2})), ElementsAre("a"));
  const auto newest = FoldStream(*log_, kAcme, deal);
  EXPECT_THAT(Tags(**newest), ElementsAre("a", "b"));
  EXPECT_EQ((*newest)->revision, 3u);
  EXPECT_EQ((*newest)->updated_at_us, log_->Head(kAcme)->recorded_at_us);
}

TEST_F(StateLoaderTest, FoldsUpToAPosition) {
  const domain::StreamRef deal{"deal", "deal_1"};  // At positions 2, 3 and 4.
  EXPECT_EQ((*FoldStreamAt(*log_, kAcme, deal, eventstore::Position{1}))->revision, 0u);
  EXPECT_THAT(Tags(**FoldStreamAt(*log_, kAcme, deal, eventstore::Position{3})), ElementsAre("a"));
  EXPECT_EQ((*FoldStreamAt(*log_, kAcme, deal, eventstore::Position{9}))->revision, 3u);
}

TEST_F(StateLoaderTest, CatchesUp) {
  const domain::StreamRef deal{"deal", "deal_1"};
  auto state = *FoldStream(*log_, kAcme, deal, eventstore::Revision{1});
  ASSERT_TRUE(CatchUp(*log_, kAcme, deal, kNewestRevision, *state).ok());
  EXPECT_THAT(Tags(*state), ElementsAre("a", "b"));
}

TEST_F(StateLoaderTest, AStreamThatDoesNotExistHasRevisionZero) {
  const auto state = FoldStream(*log_, kAcme, {"deal", "deal_none"});
  ASSERT_TRUE(state.ok());
  EXPECT_EQ((*state)->revision, 0u);
}

// Streams of other services may be long: their revision is asked for, not counted.
TEST_F(StateLoaderTest, OfAnotherServicesStreamOnlyTheRevisionIsRead) {
  sequencer_->Drain();
  eventstore::NewCommit commit{.tenant = kAcme, .recorded_at_us = clock_.NowMicros()};
  commit.subject = {"spoon", "spoon_1"};
  for (int i = 0; i < 3; ++i) {
    commit.events.push_back({.stream = commit.subject,
                             .type = "SpoonBent",
                             .event_id = std::string(16, static_cast<char>('a' + i)),
                             .payload = "\xff\xff\xff"});  // Would not parse.
  }
  const eventstore::PartitionId partition{0};
  ASSERT_TRUE(log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1}).ok());
  const domain::StreamRef spoon{"spoon", "spoon_1"};
  EXPECT_EQ((*FoldStream(*log_, kAcme, spoon))->revision, 3u);
  EXPECT_EQ((*FoldStream(*log_, kAcme, spoon, eventstore::Revision{2}))->revision, 2u);
  EXPECT_EQ((*FoldStream(*log_, kAcme, {"spoon", "none"}))->revision, 0u);
}

TEST_F(StateLoaderTest, ReportsAPayloadThatDoesNotParse) {
  sequencer_->Drain();
  eventstore::NewCommit commit{.tenant = kAcme, .recorded_at_us = clock_.NowMicros()};
  commit.subject = {"deal", "deal_2"};
  commit.events.push_back({.stream = commit.subject,
                           .type = "DealTagged",
                           .event_id = std::string(16, 'x'),
                           .payload = "\xff\xff\xff"});
  const eventstore::PartitionId partition{0};
  ASSERT_TRUE(log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1}).ok());
  const auto state = FoldStream(*log_, kAcme, {"deal", "deal_2"});
  EXPECT_EQ(state.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(base::ReasonOf(state.status()), "CORRUPT_RECORD");
}

TEST_F(StateLoaderTest, ReaderShowsStatesAndKeys) {
  ASSERT_TRUE(Run(Claim("deal_1", "name")).ok());
  const auto reader = MakeLogStateReader(*log_, kAcme, kSecret);
  EXPECT_THAT(Tags(**reader->Find({"deal", "deal_1"})), ElementsAre("a", "b", "name"));
  EXPECT_EQ(**reader->FindUnique("deal.name", "name"), "deal_1");
  EXPECT_FALSE((*reader->FindUnique("deal.name", "other")).has_value());
  EXPECT_FALSE((*reader->FindUnique("other.kind", "name")).has_value());
}

TEST(UniqueHash, DependsOnSecretKindAndValueApart) {
  const base::Secret other(std::string(32, 'o'));
  const std::string hash = UniqueHash(kSecret, "kind", "value");
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_EQ(hash, UniqueHash(kSecret, "kind", "value"));
  EXPECT_NE(hash, UniqueHash(other, "kind", "value"));
  EXPECT_NE(hash, UniqueHash(kSecret, "kin", "dvalue"));
}

}  // namespace
}  // namespace dealog::commands
