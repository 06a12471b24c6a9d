// Method: given events / then the board: columns, counts, totals, cards, filters, decision months.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/queries.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SalesTenant;

std::vector<std::string> Labels(const v1::GetBoardResponse& board) {
  std::vector<std::string> labels;
  for (const v1::BoardColumn& column : board.columns()) labels.push_back(column.stage());
  return labels;
}

std::vector<std::string> Ids(const v1::BoardColumn& column) {
  std::vector<std::string> ids;
  for (const v1::Deal& deal : column.cards()) ids.push_back(deal.deal_id());
  return ids;
}

v1::GetBoardRequest Filtered(const std::string& filter) {
  v1::GetBoardRequest request;
  request.set_filter(filter);
  return request;
}

v1::GetBoardRequest ByMonth() {
  v1::GetBoardRequest request;
  request.set_column_by(v1::BOARD_COLUMN_BY_DECISION_MONTH);
  return request;
}

TEST(Board, ShowsEveryStageInOrderAlsoEmptyOnes) {
  SalesTenant sales;
  const auto board = sales.Board();
  EXPECT_THAT(Labels(board), ElementsAre("New", "Call", "Offer", "Won", "Signed", "Lost"));
  EXPECT_EQ(board.pipeline(), "Sales");
  EXPECT_EQ(board.pipeline_id(), "pipeline_sales");
  EXPECT_EQ(board.position(), 2);
  for (const v1::BoardColumn& column : board.columns()) {
    EXPECT_TRUE(column.has_count());
    EXPECT_EQ(column.count(), 0);
    EXPECT_THAT(column.totals(), IsEmpty());
    EXPECT_TRUE(column.next_page_token().empty());
  }
  EXPECT_EQ(board.columns(0).kind(), v1::Stage::OPEN);
  EXPECT_EQ(board.columns(4).kind(), v1::Stage::WON);
  EXPECT_EQ(board.columns(5).kind(), v1::Stage::LOST);
}

TEST(Board, TotalsPerCurrencyAndWeightsRoundHalfAwayFromZero) {
  SalesTenant sales;
  sales.Open("d1", "Offer", Day(1), {.amount_minor = 1});  // 0.5 rounds to 1.
  sales.Open("d2", "Offer", Day(1), {.amount_minor = 3});  // 1.5 rounds to 2.
  sales.Open("d3", "Offer", Day(1), {.amount_minor = 100, .currency = "USD"});
  sales.Open("d4", "Offer", Day(1));  // Counts, adds to no total.
  const auto column = sales.Column("Offer");
  EXPECT_EQ(column.count(), 4);
  ASSERT_EQ(column.totals_size(), 2);
  EXPECT_EQ(column.totals(0).currency_code(), "EUR");
  EXPECT_EQ(column.totals(0).amount_minor(), 4);
  EXPECT_EQ(column.totals(0).weighted_minor(), 3);
  EXPECT_EQ(column.totals(1).currency_code(), "USD");
  EXPECT_EQ(column.totals(1).weighted_minor(), 50);
}

TEST(Board, AnAmountOfZeroIsAnAmount) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 0});
  ASSERT_EQ(sales.Column("New").totals_size(), 1);
  EXPECT_TRUE(sales.Column("New").totals(0).has_amount_minor());
  EXPECT_EQ(sales.Column("New").totals(0).amount_minor(), 0);
}

TEST(Board, CardsComeByEntryIntoTheStageAndPageOn) {
  SalesTenant sales;
  for (int i = 0; i < 9; ++i) {
    sales.Open("d" + std::to_string(i), "New", Day(10 - i / 2));
  }
  v1::GetBoardRequest request;
  request.set_cards_per_column(3);
  const auto column = sales.Column("New", request);
  EXPECT_THAT(Ids(column), ElementsAre("d8", "d6", "d7"));
  ASSERT_FALSE(column.next_page_token().empty());
  v1::ListColumnCardsRequest more;
  more.set_pipeline("Sales");
  more.set_column("New");
  std::vector<std::string> ids;
  PageRequest page{.size = 4, .after = column.next_page_token()};
  do {
    const auto cards = ListColumnCards(sales.views, more, {}, Day(100), page);
    ASSERT_TRUE(cards.ok()) << cards.status();
    for (const v1::Deal& deal : cards->items) ids.push_back(deal.deal_id());
    page.after = cards->next;
  } while (!page.after.empty());
  EXPECT_THAT(ids, ElementsAre("d4", "d5", "d2", "d3", "d0", "d1"));
  // Exactly as many as there are: nothing follows.
  request.set_cards_per_column(9);
  EXPECT_TRUE(sales.Column("New", request).next_page_token().empty());
}

TEST(Board, CardsHoldWhatTheDealIs) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "North", Day(-1));
  sales.Product("p1", "Course", Day(-1));
  sales.Organization("o1", "Acme", "retail", Day(-1));
  sales.Open("d1", "New", Day(1),
             {.owner = "m1",
              .source = "web",
              .organization = "o1",
              .product = "p1",
              .tags = {"vip"},
              .amount_minor = 1250,
              .expected = "2017-04-01"});
  sales.Tag("d1", "big", Day(2));
  sales.Move("d1", "Call", Day(3));
  const v1::Deal card = sales.Column("Call").cards(0);
  EXPECT_EQ(card.deal_id(), "d1");
  EXPECT_EQ(card.etag(), "3");
  EXPECT_EQ(card.title(), "Title of d1");
  EXPECT_EQ(card.stage(), "Call");
  EXPECT_EQ(card.owner(), "Ada");
  EXPECT_EQ(card.product(), "Course");
  EXPECT_EQ(card.organization(), "Acme");
  EXPECT_EQ(card.source(), "web");
  EXPECT_THAT(card.tags(), ElementsAre("big", "vip"));
  EXPECT_EQ(card.amount().units(), 12);
  EXPECT_EQ(card.amount().nanos(), 500'000'000);
  EXPECT_EQ(card.expected_close_date().month(), 4);
  EXPECT_EQ(card.create_time().seconds(), Day(1) / 1'000'000);
  EXPECT_EQ(card.stage_enter_time().seconds(), Day(3) / 1'000'000);
  EXPECT_EQ(card.status(), v1::Deal::OPEN);
  EXPECT_EQ(card.last_open_stage_id(), "stage_Call");
  EXPECT_FALSE(card.has_close_time());
}

TEST(Board, NamesAreThoseOfTheInstant) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "North", Day(-1));
  sales.Open("d1", "New", Day(1), {.owner = "m1"});
  events::v1::Event renamed;
  renamed.mutable_member()->mutable_member_changed()->set_display_name("Ada Lovelace");
  sales.views.Append("member", "m1", renamed, Day(5));
  events::v1::PipelineEvent pipeline;
  pipeline.mutable_pipeline_renamed()->set_display_name("Ventes");
  sales.ChangePipeline(pipeline, Day(6));
  v1::GetBoardRequest request;
  request.set_pipeline("Ventes");
  EXPECT_EQ(sales.Board(request).columns(0).cards(0).owner(), "Ada Lovelace");
  // The new name finds it in the past too, where it shows the old one.
  const auto past = sales.Board(request, SalesTenant::AsOf(Day(4)));
  EXPECT_EQ(past.pipeline(), "Sales");
  EXPECT_EQ(past.columns(0).cards(0).owner(), "Ada");
}

TEST(Board, BeforeThePipelineBeganItIsEmpty) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  const auto board = sales.Board({}, SalesTenant::AsOf(Day(-200)));
  EXPECT_EQ(board.columns_size(), 6);
  for (const v1::BoardColumn& column : board.columns()) EXPECT_EQ(column.count(), 0);
}

TEST(Board, CountsStaleDeals) {
  SalesTenant sales;
  events::v1::PipelineEvent rots;
  rots.mutable_stage_rot_threshold_changed()->set_stage_id("stage_New");
  rots.mutable_stage_rot_threshold_changed()->set_rot_threshold_seconds(86'400 * 5);
  sales.ChangePipeline(rots, Day(-1));
  sales.Open("d1", "New", Day(1));
  sales.Open("d2", "New", Day(3));
  EXPECT_EQ(sales.Board({}, {}, Day(6)).columns(0).stale_count(), 0);
  EXPECT_EQ(sales.Board({}, {}, Day(6) + 1).columns(0).stale_count(), 1);
  EXPECT_EQ(sales.Board({}, SalesTenant::AsOf(Day(20))).columns(0).stale_count(), 2);
}

TEST(Board, DecisionMonths) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 100, .expected = "2017-05-10"});
  sales.Open("d2", "Offer", Day(1), {.amount_minor = 100, .expected = "2017-04-30"});
  sales.Open("d3", "New", Day(1), {.expected = "2017-02-01"});
  sales.Open("d4", "New", Day(1), {.expected = "2017-04-02"});
  sales.Win("d4", Day(2));  // Only open deals show.
  const auto board = sales.Board(ByMonth(), SalesTenant::AsOf(Day(60)));
  EXPECT_THAT(Labels(board), ElementsAre("OVERDUE", "2017-04", "2017-05", "NO_DATE"));
  EXPECT_EQ(board.columns(0).count(), 1);
  EXPECT_EQ(board.columns(1).totals(0).weighted_minor(), 50);
  EXPECT_EQ(board.columns(2).totals(0).weighted_minor(), 10);
  EXPECT_EQ(board.columns(3).count(), 0);
  v1::ListColumnCardsRequest cards;
  cards.set_pipeline("Sales");
  cards.set_column_by(v1::BOARD_COLUMN_BY_DECISION_MONTH);
  cards.set_column("2017-05");
  const auto may = ListColumnCards(sales.views, cards, SalesTenant::AsOf(Day(60)), Day(100), {});
  ASSERT_TRUE(may.ok()) << may.status();
  ASSERT_EQ(may->items.size(), 1u);
  EXPECT_EQ(may->items[0].deal_id(), "d1");
  // A month without deals is an empty column, not an error.
  cards.set_column("2019-05");
  EXPECT_TRUE(ListColumnCards(sales.views, cards, {}, Day(100), {}).ok());
}

// Which deals a filter leaves on the board.
std::vector<std::string> Matching(const SalesTenant& sales, const std::string& filter,
                                  const AsKnown& when = {}) {
  std::vector<std::string> ids;
  const auto board = sales.Board(Filtered(filter), when);
  for (const v1::BoardColumn& column : board.columns()) {
    for (const std::string& id : Ids(column)) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

class BoardFilter : public ::testing::Test {
 protected:
  BoardFilter() {
    sales_.Member("m1", "Ada", "North", Day(-1), "France");
    sales_.Member("m2", "Bob", "South", Day(-1));
    sales_.Product("p1", "Course", Day(-1));
    sales_.Organization("o1", "Acme", "retail", Day(-1));
    sales_.Open("d1", "New", Day(1),
                {.owner = "m1",
                 .source = "web",
                 .organization = "o1",
                 .product = "p1",
                 .tags = {"vip", "big"},
                 .amount_minor = 150'000,
                 .expected = "2017-04-01"});
    sales_.Open("d2", "Offer", Day(5), {.owner = "m2", .source = "fair", .tags = {"vip"}});
    sales_.Open("d3", "Call", Day(9), {.amount_minor = 10, .currency = "USD"});
    sales_.Lose("d3", Day(20), "budget");
  }
  SalesTenant sales_;
};

TEST_F(BoardFilter, EveryField) {
  EXPECT_THAT(Matching(sales_, "deal_id = d2"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "title:\"OF D1\""), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "stage = Offer"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "stage = stage_Offer"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "status = LOST"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "stage_kind != LOST"), ElementsAre("d1", "d2"));
  EXPECT_THAT(Matching(sales_, "owner = Ada"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "owner = m1"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "owner_id = m2"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "team = South"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "region:*"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "source = fair"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "tags:vip"), ElementsAre("d1", "d2"));
  EXPECT_THAT(Matching(sales_, "product = Course"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "organization = Acme"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "organization.sector = retail"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "amount >= 1500"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "amount < 1500"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "currency = USD"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "expected_close_date < 2017-04-02"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "create_time >= 2017-01-05"), ElementsAre("d2", "d3"));
  EXPECT_THAT(Matching(sales_, "close_time:*"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "stage_enter_time > 2017-01-10"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "update_time > 2017-01-10"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "lost_reason = budget"), ElementsAre("d3"));
  EXPECT_THAT(Matching(sales_, "cycle = 1"), ElementsAre("d1", "d2", "d3"));
  EXPECT_THAT(Matching(sales_, "external_key:*"), IsEmpty());
  EXPECT_THAT(Matching(sales_, "pipeline = Sales"), ElementsAre("d1", "d2", "d3"));
}

TEST_F(BoardFilter, UnsetComparesFalseAndNotInverts) {
  EXPECT_THAT(Matching(sales_, "owner != Ada"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "NOT owner = Ada"), ElementsAre("d2", "d3"));
  EXPECT_THAT(Matching(sales_, "owner != m1"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "(owner = Ada OR owner = Bob) AND NOT tags:big"), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "tags:vip AND tags:big OR status = LOST"), ElementsAre("d1", "d3"));
}

TEST_F(BoardFilter, SeesTheInstant) {
  sales_.SetOwner("d1", "m2", Day(30));
  sales_.Untag("d2", "vip", Day(30));
  events::v1::Event retitled;
  retitled.mutable_deal()->mutable_deal_details_changed()->set_title("Another");
  sales_.views.Append("deal", "d1", retitled, Day(31));
  EXPECT_THAT(Matching(sales_, "owner = Bob"), ElementsAre("d1", "d2"));
  EXPECT_THAT(Matching(sales_, "owner = Bob", SalesTenant::AsOf(Day(30))), ElementsAre("d2"));
  EXPECT_THAT(Matching(sales_, "tags:vip"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "tags:vip", SalesTenant::AsOf(Day(30))), ElementsAre("d1", "d2"));
  EXPECT_THAT(Matching(sales_, "title:another"), ElementsAre("d1"));
  EXPECT_THAT(Matching(sales_, "title:another", SalesTenant::AsOf(Day(31))), IsEmpty());
  EXPECT_THAT(Matching(sales_, "status = OPEN", SalesTenant::AsOf(Day(20))),
              ElementsAre("d1", "d2", "d3"));
  EXPECT_THAT(Matching(sales_, "update_time > 2017-01-25", SalesTenant::AsOf(Day(25))), IsEmpty());
}

}  // namespace
}  // namespace dealog::projections
