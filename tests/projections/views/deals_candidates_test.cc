// Method: given a few deals / then which of them a filter looks at, and whether it has to look at
// all; that the answers are those of a scan says board_totals_test over random histories.

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/deals_filter.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SalesTenant;

class DealsCandidates : public ::testing::Test {
 protected:
  DealsCandidates() {
    sales_.Member("m1", "Ada", "North", Day(0));
    sales_.Member("m2", "Bob", "North", Day(0));
    sales_.Open("d0", "New", Day(1), {.owner = "m1", .tags = {"vip"}});
    sales_.Open("d1", "New", Day(1), {.owner = "m1"});
    sales_.Open("d2", "New", Day(1), {.owner = "m2", .tags = {"vip", "big"}});
    for (int i = 3; i < 16; ++i) {
      sales_.Open("d" + std::to_string(i), "Call", Day(1), {.owner = "m3", .amount_minor = i});
    }
  }
  std::optional<Candidates> In(const std::string& text, const AsKnown& when = {},
                               std::string_view pipeline = "") const {
    const auto snapshot = DealsSnapshot::Make(sales_.views, when, Day(20));
    const auto filter = DealFilter::Compile(text, snapshot->tenant());
    EXPECT_TRUE(filter.ok()) << filter.status();
    return filter->CandidatesIn(*snapshot, pipeline);
  }
  // Numbers of the deals; of no candidates, all of them.
  std::vector<DealIndex> Of(const std::string& text, bool exact,
                            std::string_view pipeline = "") const {
    std::vector<DealIndex> deals;
    const std::optional<Candidates> candidates = In(text, {}, pipeline);
    EXPECT_TRUE(candidates.has_value()) << text;
    if (!candidates) return deals;
    EXPECT_EQ(candidates->exact, exact) << text;
    candidates->deals.ForEach([&deals](DealIndex deal) { deals.push_back(deal); });
    return deals;
  }

  SalesTenant sales_;
};

TEST_F(DealsCandidates, AreThoseThatHaveAValue) {
  EXPECT_THAT(Of("owner = Ada", true), ElementsAre(0, 1));
  EXPECT_THAT(Of("owner_id = m1", true), ElementsAre(0, 1));
  EXPECT_THAT(Of("owner_id = Ada", true), IsEmpty());
  EXPECT_THAT(Of("team = North", true), ElementsAre(0, 1, 2));
  EXPECT_THAT(Of("tags:vip", true), ElementsAre(0, 2));
  EXPECT_THAT(Of("tags:*", true), ElementsAre(0, 2));
  EXPECT_THAT(Of("stage = New", true), ElementsAre(0, 1, 2));
  EXPECT_THAT(Of("status = WON", true), IsEmpty());
}

TEST_F(DealsCandidates, OfSeveralTerms) {
  EXPECT_THAT(Of("owner = Ada AND tags:vip", true), ElementsAre(0));
  EXPECT_THAT(Of("owner = Bob OR tags:vip", true), ElementsAre(0, 2));
  EXPECT_THAT(Of("status = OPEN AND tags:vip", true), ElementsAre(0, 2));
  // The rest is asked of the candidates.
  EXPECT_THAT(Of("amount > 1 AND owner = Ada", false), ElementsAre(0, 1));
  EXPECT_THAT(Of("owner = Ada AND NOT tags:vip", false), ElementsAre(0, 1));
  EXPECT_THAT(Of("owner = Bob OR (owner = Ada AND title:0)", false), ElementsAre(0, 1, 2));
}

TEST_F(DealsCandidates, OfAPipeline) {
  EXPECT_THAT(Of("owner = Ada", true, "pipeline_sales"), ElementsAre(0, 1));
  EXPECT_THAT(Of("owner = Ada", true, "pipeline_nowhere"), IsEmpty());
}

TEST_F(DealsCandidates, FollowTheDeals) {
  sales_.SetOwner("d0", "m2", Day(2));
  sales_.Untag("d2", "vip", Day(2));
  sales_.Win("d1", Day(3));
  EXPECT_THAT(Of("owner = Ada", true), ElementsAre(1));
  EXPECT_THAT(Of("owner = Bob", true), ElementsAre(0, 2));
  EXPECT_THAT(Of("tags:vip", true), ElementsAre(0));
  EXPECT_THAT(Of("status = WON AND last_open_stage = New", true), ElementsAre(1));
  sales_.Undo("d1", Day(4));
  EXPECT_THAT(Of("status = WON", true), IsEmpty());
}

TEST_F(DealsCandidates, AreAllDealsWhereNothingBoundsThem) {
  for (const char* text : {"", "amount > 1", "NOT owner = Ada", "owner = Ada OR amount > 1"}) {
    EXPECT_FALSE(In(text).has_value()) << text;
  }
  EXPECT_FALSE(In("owner = m3").has_value()) << "more than a quarter";
  EXPECT_FALSE(In("owner = Ada", SalesTenant::AsOf(Day(10))).has_value());
  EXPECT_FALSE(In("owner = Ada", SalesTenant::KnownAt(sales_.Head() - 1)).has_value());
}

}  // namespace
}  // namespace dealog::projections
