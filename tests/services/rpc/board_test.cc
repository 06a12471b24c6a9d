// Method: over the wire; the board, its totals, and the tokens that continue its columns.

#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Boards = v1::BoardService::Stub;

class BoardTest : public RpcTest {
 protected:
  void SetUp() override { MakeTenant(); }
};

TEST_F(BoardTest, ShowsEveryColumnAlsoEmptyOnes) {
  OpenDeal("One");
  Move(OpenDeal("Two").deal_id(), "Offer");
  v1::GetBoardRequest request;
  request.set_pipeline("Sales");
  const auto board = Must(*boards_, &Boards::GetBoard, request);
  ASSERT_EQ(board.columns_size(), 4);
  EXPECT_EQ(board.columns(0).count(), 1);
  EXPECT_EQ(board.columns(1).stage(), "Offer");
  EXPECT_EQ(board.columns(1).cards(0).title(), "Two");
  EXPECT_EQ(board.columns(2).count(), 0);
  EXPECT_NE(board.token(), "");
  v1::GetDealRequest get;  // The token works as a consistency.
  get.set_deal_id(board.columns(0).cards(0).deal_id());
  get.mutable_consistency()->set_at_least(board.token());
  Must(*deals_, &v1::DealService::Stub::GetDeal, get);
}

TEST_F(BoardTest, AColumnsTokenContinuesWhereTheBoardEnded) {
  std::vector<std::string> opened;
  for (int i = 0; i < 5; ++i) opened.push_back(OpenDeal("Deal " + std::to_string(i)).deal_id());
  v1::GetBoardRequest request;
  request.set_pipeline("Sales");
  request.set_cards_per_column(2);
  const auto board = Must(*boards_, &Boards::GetBoard, request);
  std::vector<std::string> seen;
  for (const v1::Deal& card : board.columns(0).cards()) seen.push_back(card.deal_id());
  ASSERT_NE(board.columns(0).next_page_token(), "");
  EXPECT_EQ(board.columns(1).next_page_token(), "");

  v1::ListColumnCardsRequest more;
  more.set_pipeline(board.pipeline_id());  // Named by id here, by name above.
  more.set_column("Lead");
  more.set_page_size(2);
  more.set_page_token(board.columns(0).next_page_token());
  while (!more.page_token().empty()) {
    const auto page = Must(*boards_, &Boards::ListColumnCards, more);
    for (const v1::Deal& card : page.cards()) seen.push_back(card.deal_id());
    more.set_page_token(page.next_page_token());
    ASSERT_LE(seen.size(), opened.size());
  }
  EXPECT_EQ(seen, opened);  // By time of entry, oldest first.

  more.set_column("Offer");
  more.set_page_token(board.columns(0).next_page_token());
  EXPECT_EQ(Fails(*boards_, &Boards::ListColumnCards, more).reason, "PAGE_TOKEN_INVALID");
}

TEST_F(BoardTest, RefusesAnUnknownPipeline) {
  v1::GetBoardRequest request;
  request.set_pipeline("Nowhere");
  EXPECT_EQ(Fails(*boards_, &Boards::GetBoard, request).reason, "PIPELINE_NOT_FOUND");
}

}  // namespace
}  // namespace dealog::rpc
