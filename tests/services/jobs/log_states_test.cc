// Method: states of streams that share commits and have commits of their own, against what
// FoldStream reads; and how often the log was read for them.

#include "services/jobs/log_states.h"

#include "projections/states/stream_types.h"
#include "services/domain/references.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using testing::kClub;

class LogStatesTest : public testing::ImportFixture {
 protected:
  LogStatesTest() {
    CreateTenant();
    Import(testing::ClubFiles());
  }
  domain::StreamRef DealStream(const std::string& key) {
    const Mapping mapping = *ParseMapping(testing::kClubMapping);
    return {domain::kDealStream, RowDecider(mapping).IdOf(Role::kDeals, key)};
  }
  void ChangeTitle(const std::string& key, const std::string& title) {
    v1::UpdateDealRequest request;
    request.set_deal_id(DealStream(key).id);
    request.set_title(title);
    request.mutable_update_mask()->add_paths("title");
    ASSERT_TRUE(Run(request).ok());
  }
};

TEST_F(LogStatesTest, EqualWhatTheStreamsHold) {
  ChangeTitle("D2", "Later");
  LogStates states(*log_, kClub, testing::kSecret);
  for (const char* key : {"D1", "D2", "D3", "D4", "D2"}) {
    const auto found = states.Find(DealStream(key));
    ASSERT_TRUE(found.ok()) << found.status();
    const auto& deal = dynamic_cast<const domain::DealState&>(**found);
    EXPECT_EQ(deal.revision, Deal(key).revision) << key;
    EXPECT_EQ(deal.title.value, Deal(key).title.value) << key;
    EXPECT_EQ(deal.stage.stage_id, Deal(key).stage.stage_id) << key;
  }
}

TEST_F(LogStatesTest, AStreamThatDoesNotExistHasRevisionZero) {
  LogStates states(*log_, kClub, testing::kSecret);
  EXPECT_EQ((*states.Find(DealStream("nobody")))->revision, 0u);
  // Of another service, which may register its type any time.
  const auto external = states.Find({"invoice", "x"});
  ASSERT_TRUE(external.ok()) << external.status();
  EXPECT_EQ((*external)->revision, 0u);
  EXPECT_TRUE((*external)->HasOnlyRevision());
}

TEST_F(LogStatesTest, KnowUniqueKeys) {
  LogStates states(*log_, kClub, testing::kSecret);
  EXPECT_TRUE(states.FindUnique(domain::kContactEmail, "cy@example.org")->has_value());
  EXPECT_FALSE(states.FindUnique(domain::kContactEmail, "no@example.org")->has_value());
}

TEST_F(LogStatesTest, ReadACommitOnceHoweverManyStreamsItHolds) {
  LogStates states(*log_, kClub, testing::kSecret);
  ASSERT_TRUE(states.Find(DealStream("D1")).ok());
  const int reads = log_->stream_reads;
  for (const char* key : {"D2", "D3", "D4"}) ASSERT_TRUE(states.Find(DealStream(key)).ok());
  EXPECT_EQ(log_->stream_reads, reads);
}

TEST_F(LogStatesTest, TrimKeepsFewStates) {
  LogStates states(*log_, kClub, testing::kSecret);
  const auto before = states.Find(DealStream("D1"));
  states.Trim();
  EXPECT_EQ(*states.Find(DealStream("D1")), *before) << "far below the limit nothing leaves";
}

}  // namespace
}  // namespace dealog::jobs
