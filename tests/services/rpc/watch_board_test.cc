// Method: pairs of boards and their difference; then a watcher over the wire that sees every change
// once, however many came together.

#include "services/rpc/watch_board.h"

#include "services/rpc/shared_board.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

v1::GetBoardResponse Board(std::vector<std::pair<const char*, int>> columns) {
  v1::GetBoardResponse board;
  for (const auto& [stage, count] : columns) {
    board.add_columns()->set_stage(stage);
    board.mutable_columns(board.columns_size() - 1)->set_count(count);
  }
  return board;
}

TEST(ChangedColumns, OnlyThoseThatDiffer) {
  EXPECT_EQ(ChangedColumns(Board({{"A", 1}, {"B", 2}}), Board({{"A", 1}, {"B", 2}})).size(), 0u);
  const auto changed = ChangedColumns(Board({{"A", 1}, {"B", 2}}), Board({{"A", 1}, {"B", 3}}));
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].stage(), "B");
  // A new column, and those that moved because of it.
  EXPECT_EQ(ChangedColumns(Board({{"B", 2}}), Board({{"A", 1}, {"B", 2}})).size(), 2u);
}

class WatchBoardTest : public RpcTest {};

TEST_F(WatchBoardTest, SendsTheBoardThenItsChanges) {
  MakeTenant();
  const v1::Deal deal = OpenDeal("Watched");
  grpc::ClientContext context;
  Prepare(context);
  v1::WatchBoardRequest request;
  request.set_pipeline("Sales");
  const auto stream = boards_->WatchBoard(&context, request);
  v1::WatchBoardResponse message;
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_TRUE(message.has_board());
  ASSERT_EQ(message.board().columns_size(), 4);
  EXPECT_EQ(message.board().columns(0).count(), 1);
  EXPECT_EQ(message.board().columns(0).cards_size(), 0);
  EXPECT_NE(message.board().token(), "");

  const int64_t moved_at = Move(deal.deal_id(), "Offer").commit().position();
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_TRUE(message.has_columns()) << message.ShortDebugString();
  EXPECT_EQ(message.columns().columns_size(), 2);
  ASSERT_EQ(message.columns().deals_size(), 1);
  EXPECT_EQ(message.columns().deals(0).deal_id(), deal.deal_id());
  EXPECT_EQ(message.columns().deals(0).stage(), "Offer");
  EXPECT_EQ(message.columns().position(), moved_at);

  context.TryCancel();
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchBoardTest, RefusesAnUnknownPipeline) {
  MakeTenant();
  grpc::ClientContext context;
  Prepare(context);
  v1::WatchBoardRequest request;
  request.set_pipeline("Nowhere");
  v1::WatchBoardResponse message;
  const auto stream = boards_->WatchBoard(&context, request);
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(FailureOf(stream->Finish()).reason, "PIPELINE_NOT_FOUND");
}

}  // namespace
}  // namespace dealog::rpc
