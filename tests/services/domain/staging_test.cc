// Method: decides several commands on a Staging over a spec's tenant: the parts see each other, the
// base sees nothing, and the keys of the whole are what one commit must take and free.

#include <gtest/gtest.h>

#include "projections/states/stream_types.h"
#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

CommandMeta Meta(int seed) {
  CommandMeta meta;
  meta.principal = "user:ada";
  meta.now_us = meta.occurred_at_us = SpecMinute(100);
  meta.id_seed[15] = static_cast<uint8_t>(seed);
  return meta;
}

class StagingTest : public testing::Test {
 protected:
  template <typename Request>
  absl::Status Stage(std::string_view text, int seed = 1) {
    absl::StatusOr<Decision> decision = Decide(FromText<Request>(text), Meta(seed), staging_);
    if (!decision.ok()) return decision.status();
    return staging_.Stage(*std::move(decision), Meta(seed), total_);
  }
  std::string Key(const char* kind, const char* value) {
    const auto id = staging_.FindUnique(kind, value);
    return id->value_or("");
  }

  PipelineSpec spec_;
  Staging staging_{spec_.reader()};
  Decision total_;
};

TEST_F(StagingTest, PartsSeeWhatTheOnesBeforeDid) {
  EXPECT_TRUE(Stage<v1::OpenDealRequest>("deal_id: 'deal#5'").ok());
  EXPECT_TRUE(Stage<v1::MoveDealRequest>("deal_id: 'deal#5' to_stage: 'Talk'").ok());
  EXPECT_TRUE(Stage<v1::WinDealRequest>("deal_id: 'deal#5'").ok());
  ASSERT_EQ(total_.events.size(), 3u);
  EXPECT_EQ(total_.events[2].event.deal().deal_won().from_stage_id(), ExpandIds("stage#2"));
  EXPECT_EQ(total_.subject.id, ExpandIds("deal#5"));
  EXPECT_EQ(total_.events[0].occurred_at_us, SpecMinute(100));
  const auto deal = staging_.Find({kDealStream, ExpandIds("deal#5")});
  EXPECT_EQ((*deal)->revision, 3u);
  EXPECT_EQ(spec_.Of<DealState>("deal#5").revision, 0u);
}

TEST_F(StagingTest, TakesKeysOfItsOwnAndOfTheBase) {
  EXPECT_TRUE(Stage<v1::CreateContactRequest>("contact_id: 'contact#5' email: 'a@b.org'").ok());
  EXPECT_EQ(Key("contact.email", "a@b.org"), ExpandIds("contact#5"));
  EXPECT_EQ(Key("member.name", "ada"), ExpandIds("member#1"));
  const absl::Status again = Stage<v1::CreateContactRequest>("email: 'a@b.org'", 2);
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(StagingTest, AKeyTakenAndFreedInOneCommitIsNotTaken) {
  EXPECT_TRUE(Stage<v1::CreateContactRequest>("contact_id: 'contact#5' email: 'a@b.org'").ok());
  EXPECT_TRUE(Stage<v1::UpdateContactRequest>(
                  "contact_id: 'contact#5' email: 'c@d.org' update_mask { paths: 'email' }")
                  .ok());
  EXPECT_EQ(Key("contact.email", "a@b.org"), "");
  EXPECT_TRUE(total_.releases.empty());
  ASSERT_EQ(total_.claims.size(), 1u);
  EXPECT_EQ(total_.claims[0].value, "c@d.org");
}

TEST_F(StagingTest, AKeyFreedAndTakenAgainIsBoth) {
  EXPECT_TRUE(Stage<v1::UpsertMemberRequest>("member_id: 'member#1' display_name: 'Ada L.'").ok());
  EXPECT_TRUE(Stage<v1::UpsertMemberRequest>("member_id: 'member#5' display_name: 'Ada'").ok());
  EXPECT_EQ(Key("member.name", "ada"), ExpandIds("member#5"));
  ASSERT_EQ(total_.releases.size(), 1u);
  EXPECT_EQ(total_.releases[0].owner.id, ExpandIds("member#1"));
  EXPECT_EQ(total_.claims.size(), 2u);
}

TEST_F(StagingTest, AnEventMayHaveATimeOfItsOwn) {
  Decision decision;
  decision.subject = {kDealStream, ExpandIds("deal#5")};
  decision.events.push_back(
      {decision.subject, FromText<events::v1::Event>("deal { deal_opened {} }"), SpecMinute(7)});
  EXPECT_TRUE(staging_.Stage(decision, Meta(1), total_).ok());
  const auto deal = staging_.Find(decision.subject);
  EXPECT_EQ(static_cast<const DealState*>(*deal)->opened_at_us, SpecMinute(7));
}

}  // namespace
}  // namespace dealog::domain
