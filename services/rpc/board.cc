#include <grpcpp/impl/service_type.h>

#include "dealog/v1/board.pb.h"
#include "eventstore/base/status.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"
#include "services/rpc/shared_board.h"
#include "services/rpc/watch_board.h"

namespace dealog::rpc {
namespace {

using projections::TenantViews;

// Tokens of more cards come with the board, but continue this method.
constexpr char kListColumnCards[] = "/dealog.v1.BoardService/ListColumnCards";

// The query that a column's token belongs to, with pipeline and column by id: the board and the
// client may name them differently.
template <typename Request>
v1::ListColumnCardsRequest CardsQuery(const Request& request, std::string_view pipeline_id,
                                      std::string_view column) {
  v1::ListColumnCardsRequest query;
  query.set_pipeline(std::string(pipeline_id));
  query.set_column(std::string(column));
  query.set_column_by(request.column_by() == v1::BOARD_COLUMN_BY_DECISION_MONTH
                          ? v1::BOARD_COLUMN_BY_DECISION_MONTH
                          : v1::BOARD_COLUMN_BY_STAGE);
  query.set_filter(request.filter());
  if (request.has_as_of()) *query.mutable_as_of() = request.as_of();
  if (request.has_known_at()) *query.mutable_known_at() = request.known_at();
  return query;
}

// Id of the stage that the request names by id or label; a decision month as it is.
std::string ColumnId(const v1::Pipeline& pipeline, const v1::ListColumnCardsRequest& request) {
  const std::string& column = request.column();
  if (request.column_by() == v1::BOARD_COLUMN_BY_DECISION_MONTH) return column;
  for (const v1::Stage& stage : pipeline.stages()) {
    if (stage.stage_id() == column || stage.label() == column) return stage.stage_id();
  }
  return column;
}

absl::StatusOr<v1::GetBoardResponse> GetBoard(const ReadCall& call, const TenantViews& views,
                                              const v1::GetBoardRequest& request) {
  ASSIGN_OR_RETURN(const projections::AsKnown when, ResolveAsKnown(call, views, request));
  ASSIGN_OR_RETURN(v1::GetBoardResponse board,
                   projections::GetBoard(views, request, when, call.now_us));
  board.set_token(BoardToken(call.core.log, call.call.tenant, views.position()));
  for (v1::BoardColumn& column : *board.mutable_columns()) {
    const std::string& id = column.stage_id().empty() ? column.stage() : column.stage_id();
    column.set_next_page_token(SealCursor(call.core.page_token_key, call.call, kListColumnCards,
                                          CardsQuery(request, board.pipeline_id(), id),
                                          column.next_page_token()));
  }
  return board;
}

absl::StatusOr<v1::ListColumnCardsResponse> ListColumnCards(
    const ReadCall& call, const TenantViews& views, const v1::ListColumnCardsRequest& request) {
  ASSIGN_OR_RETURN(const projections::AsKnown when, ResolveAsKnown(call, views, request));
  ASSIGN_OR_RETURN(const v1::Pipeline pipeline,
                   projections::GetPipeline(views, request.pipeline(), when));
  const v1::ListColumnCardsRequest query =
      CardsQuery(request, pipeline.pipeline_id(), ColumnId(pipeline, request));
  ASSIGN_OR_RETURN(const projections::PageRequest page,
                   call.OpenPage(request.page_size(), request.page_token(), query));
  ASSIGN_OR_RETURN(auto cards,
                   projections::ListColumnCards(views, request, when, call.now_us, page));
  v1::ListColumnCardsResponse response;
  for (v1::Deal& card : cards.items) *response.add_cards() = std::move(card);
  response.set_next_page_token(call.SealPage(query, cards.next));
  response.set_position(static_cast<int64_t>(views.position().value));
  return response;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeBoardService(const Core& core) {
  ServiceBuilder service(core, *v1::BoardColumn::descriptor()->file(), "BoardService");
  AddQuery(service, GetBoard, projections::kDealReads);
  AddQuery(service, ListColumnCards, projections::kDealReads);
  AddStream(service, OpenWatchBoard, projections::kDealReads);
  return service.Build();
}

}  // namespace dealog::rpc
