// Questions about the board: GetBoard, ListColumnCards.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/views/board.h"
#include "projections/views/deals_message.h"
#include "projections/views/instants.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

constexpr int32_t kCardsPerColumnDefault = 10;
constexpr int32_t kCardsPerColumnMax = 100;

// What a board shows of one instant.
struct Board {
  DealsSnapshot snapshot;
  PipelineAt pipeline;
  BoardLayout layout;
};

absl::StatusOr<Board> MakeBoard(const TenantViews& views, std::string_view pipeline,
                                v1::BoardColumnBy column_by, std::string_view filter_text,
                                const AsKnown& when, int64_t now_us) {
  // What is cheap to refuse comes first: a past table takes a fold of all deals.
  ASSIGN_OR_RETURN(PipelineAt found, FindPipeline(views, pipeline, Horizon::Of(when)));
  ASSIGN_OR_RETURN(const TenantView* tenant, FindTenant(views));
  ASSIGN_OR_RETURN(const DealFilter filter, DealFilter::Compile(filter_text, *tenant));
  if (!v1::BoardColumnBy_IsValid(column_by)) {
    return base::InvalidField("column_by", absl::StrCat("expected BOARD_COLUMN_BY_STAGE or "
                                                        "BOARD_COLUMN_BY_DECISION_MONTH, found ",
                                                        static_cast<int>(column_by)));
  }
  ASSIGN_OR_RETURN(DealsSnapshot snapshot, DealsSnapshot::Make(views, when, now_us));
  DealMarks marks = ExistingDeals(snapshot, found.pipeline_id);
  filter.Narrow(snapshot, marks);
  BoardLayout layout = column_by == v1::BOARD_COLUMN_BY_DECISION_MONTH
                           ? BoardLayout::ByDecisionMonth(snapshot, marks)
                           : BoardLayout::ByStage(snapshot, found, marks);
  return Board{std::move(snapshot), std::move(found), std::move(layout)};
}

bool IsMonth(std::string_view text) {
  constexpr std::string_view kShape = "0000-00";
  return text.size() == kShape.size() && text[4] == '-' &&
         std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) == 6;
}

// Cards come by time of entry into the stage, oldest first.
OrderKey PlaceOf(const DealsSnapshot& snapshot, DealIndex deal) {
  return {.number = snapshot.standing().entered_us[deal], .id = snapshot.view().Id(deal)};
}

// A deal and when it entered its stage.
using Card = std::pair<int64_t, DealIndex>;

// By time of entry, then by id.
struct CardOrder {
  const DealsSnapshot* snapshot;

  bool operator()(const Card& a, const Card& b) const {
    if (a.first != b.first) return a.first < b.first;
    return snapshot->view().Id(a.second) < snapshot->view().Id(b.second);
  }
};

// The first cards of a column.
class FirstCards {
 public:
  FirstCards(const DealsSnapshot& snapshot, size_t count) : before_{&snapshot}, count_(count) {}

  void Offer(DealIndex deal, int64_t entered_us) {
    if (kept_.size() == count_) {
      if (count_ == 0) return;
      // Most deals are later than all that are kept; that costs one comparison.
      if (entered_us > kept_.front().first || !before_({entered_us, deal}, kept_.front())) return;
      std::pop_heap(kept_.begin(), kept_.end(), before_);
      kept_.pop_back();
    }
    kept_.emplace_back(entered_us, deal);
    std::push_heap(kept_.begin(), kept_.end(), before_);
  }

  // Writes the cards, and a token where the column has more than them.
  void Write(DealMessages& messages, int64_t column_count, v1::BoardColumn& column) {
    std::sort_heap(kept_.begin(), kept_.end(), before_);
    for (const auto& [entered_us, deal] : kept_) *column.add_cards() = messages.Make(deal);
    if (kept_.empty() || column_count <= static_cast<int64_t>(kept_.size())) return;
    column.set_next_page_token(EncodeCursor(PlaceOf(*before_.snapshot, kept_.back().second)));
  }

 private:
  CardOrder before_;
  size_t count_;
  std::vector<Card> kept_;  // A heap, the last card in front.
};

// What a board says of one column.
struct ColumnContent {
  int64_t count = 0;
  int64_t stale = 0;
  CurrencySums totals;
  FirstCards cards;
};

std::vector<ColumnContent> FillColumns(const Board& board, size_t cards_per_column) {
  const DealsSnapshot& snapshot = board.snapshot;
  const StandingColumns& standing = snapshot.standing();
  const std::vector<BoardLayout::Column>& columns = board.layout.columns();
  StageWeights weights(snapshot);
  std::vector<ColumnContent> contents(
      columns.size(), ColumnContent{.cards = FirstCards(snapshot, cards_per_column)});
  // Deals that entered before are stale: they have been in their stage for longer than its
  // threshold.
  std::vector<int64_t> stale_before_us;
  for (const BoardLayout::Column& column : columns) {
    stale_before_us.push_back(column.rot_threshold_us > 0
                                  ? snapshot.shown_us() - column.rot_threshold_us
                                  : std::numeric_limits<int64_t>::min());
  }
  for (const auto& [deal, column] : board.layout.places()) {
    const auto number = static_cast<size_t>(column);
    const int64_t entered_us = standing.entered_us[deal];
    ColumnContent& content = contents[number];
    ++content.count;
    content.stale += entered_us < stale_before_us[number] ? 1 : 0;
    content.cards.Offer(deal, entered_us);
    const FieldValue amount = snapshot.table().Latest(deal, DealField::kAmount, snapshot.as_of());
    if (!amount.set()) continue;
    content.totals.Add(amount.currency, amount.value,
                       Weighted(amount.value, weights.Nanos(standing.stage[deal])));
  }
  return contents;
}

absl::Status WriteColumns(const Board& board, size_t cards_per_column,
                          v1::GetBoardResponse& reply) {
  std::vector<ColumnContent> contents = FillColumns(board, cards_per_column);
  DealMessages messages(board.snapshot);
  for (size_t i = 0; i < contents.size(); ++i) {
    const BoardLayout::Column& column = board.layout.columns()[i];
    v1::BoardColumn& out = *reply.add_columns();
    out.set_stage(column.label);
    out.set_stage_id(column.stage_id);
    out.set_kind(column.kind);
    out.set_count(contents[i].count);
    out.set_stale_count(contents[i].stale);
    if (column.probability) out.set_probability(*column.probability);
    RETURN_IF_ERROR(contents[i].totals.Write(true, *out.mutable_totals()));
    contents[i].cards.Write(messages, contents[i].count, out);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::GetBoardResponse> GetBoard(const TenantViews& views,
                                              const v1::GetBoardRequest& request,
                                              const AsKnown& when, int64_t now_us) {
  const int32_t cards =
      request.has_cards_per_column() ? request.cards_per_column() : kCardsPerColumnDefault;
  if (cards < 0 || cards > kCardsPerColumnMax) {
    return base::InvalidField(
        "cards_per_column", absl::StrCat("expected 0 to ", kCardsPerColumnMax, ", found ", cards));
  }
  ASSIGN_OR_RETURN(const Board board, MakeBoard(views, request.pipeline(), request.column_by(),
                                                request.filter(), when, now_us));
  v1::GetBoardResponse reply;
  reply.set_pipeline_id(board.pipeline.pipeline_id);
  reply.set_pipeline(board.pipeline.display_name.value);
  RETURN_IF_ERROR(WriteColumns(board, static_cast<size_t>(cards), reply));
  reply.set_position(static_cast<int64_t>(board.snapshot.position()));
  SetTimestamp(board.snapshot.shown_us(), *reply.mutable_as_of());
  return reply;
}

absl::StatusOr<Page<v1::Deal>> ListColumnCards(const TenantViews& views,
                                               const v1::ListColumnCardsRequest& request,
                                               const AsKnown& when, int64_t now_us,
                                               const PageRequest& page) {
  ASSIGN_OR_RETURN(auto builder, PageBuilder<DealIndex>::Make(page, false));
  ASSIGN_OR_RETURN(const Board board, MakeBoard(views, request.pipeline(), request.column_by(),
                                                request.filter(), when, now_us));
  const int32_t column = board.layout.FindColumn(request.column());
  const bool by_month = request.column_by() == v1::BOARD_COLUMN_BY_DECISION_MONTH;
  if (column == BoardLayout::kNoColumn && by_month && IsMonth(request.column())) {
    return Page<v1::Deal>();  // A month without deals has no column.
  }
  if (column == BoardLayout::kNoColumn) {
    std::vector<std::string> labels;
    for (const BoardLayout::Column& each : board.layout.columns()) labels.push_back(each.label);
    return base::InvalidField(
        "column", absl::StrCat("expected a column of the board, found ", Quoted(request.column()),
                               "; they are: ", ListOfNames(std::move(labels))));
  }
  for (const BoardLayout::Place& place : board.layout.places()) {
    if (place.column == column) builder.Offer(PlaceOf(board.snapshot, place.deal), place.deal);
  }
  DealMessages messages(board.snapshot);
  return builder.Finish([&messages](DealIndex deal) { return messages.Make(deal); });
}

}  // namespace dealog::projections
