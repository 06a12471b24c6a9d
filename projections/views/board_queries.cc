// Questions about the board: GetBoard, ListColumnCards.

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/views/board.h"
#include "projections/views/board_columns.h"
#include "projections/views/deals_index.h"
#include "projections/views/deals_message.h"
#include "projections/views/deals_walk.h"
#include "projections/views/instants.h"
#include "projections/views/paging.h"
#include "projections/views/queries.h"
#include "projections/views/texts.h"

namespace dealog::projections {
namespace {

constexpr int32_t kCardsPerColumnDefault = 10;
constexpr int32_t kCardsPerColumnMax = 100;

// What is asked of a board.
struct Question {
  DealsSnapshot snapshot;
  PipelineAt pipeline;
  DealFilter filter;
  v1::BoardColumnBy column_by;
};

absl::StatusOr<Question> MakeQuestion(const TenantViews& views, std::string_view pipeline,
                                      v1::BoardColumnBy column_by, std::string_view filter_text,
                                      const AsKnown& when, int64_t now_us) {
  // What is cheap to refuse comes first: a past table takes a fold of all deals.
  ASSIGN_OR_RETURN(PipelineAt found, FindPipeline(views, pipeline, Horizon::Of(when)));
  ASSIGN_OR_RETURN(const TenantView* tenant, FindTenant(views));
  ASSIGN_OR_RETURN(DealFilter filter, DealFilter::Compile(filter_text, *tenant));
  if (!v1::BoardColumnBy_IsValid(column_by)) {
    return base::InvalidField("column_by", absl::StrCat("expected BOARD_COLUMN_BY_STAGE or "
                                                        "BOARD_COLUMN_BY_DECISION_MONTH, found ",
                                                        static_cast<int>(column_by)));
  }
  ASSIGN_OR_RETURN(DealsSnapshot snapshot, DealsSnapshot::Make(views, when, now_us));
  return Question{std::move(snapshot), std::move(found), std::move(filter), column_by};
}

// Detaches the snapshot if there are many.
absl::StatusOr<BoardLayout> LayoutOf(Question& question) {
  DealsSnapshot& snapshot = question.snapshot;
  ASSIGN_OR_RETURN(const MatchedDeals deals,
                   question.filter.Match(snapshot, question.pipeline.pipeline_id));
  return question.column_by == v1::BOARD_COLUMN_BY_DECISION_MONTH
             ? BoardLayout::ByDecisionMonth(snapshot, deals)
             : BoardLayout::ByStage(snapshot, question.pipeline, deals);
}

// By stage. The deals that are now in a stage of the pipeline's order, whatever the filter says;
// nullptr: none are. nullopt: it is another column, or the question is about a past.
std::optional<const OrderedDeals*> DealsOfColumn(const Question& question, std::string_view name) {
  const DealsSnapshot& snapshot = question.snapshot;
  if (snapshot.indexes() == nullptr) return std::nullopt;
  const StageColumns columns(snapshot, question.pipeline);
  const int32_t column = BoardLayout::FindColumn(columns.columns(), name);
  if (column == BoardLayout::kNoColumn) return std::nullopt;
  const Symbols& symbols = snapshot.symbols();
  const Symbol pipeline = symbols.Find(question.pipeline.pipeline_id);
  const DealIndexes::Pipeline* const deals =
      pipeline == kNoSymbol ? nullptr : snapshot.indexes()->Find(pipeline);
  if (deals == nullptr) return nullptr;
  // A stage that has left the order and still has deals goes by its id before others by their
  // label.
  const Symbol named = symbols.Find(name);
  if (!columns.Has(named) && deals->stages.contains(named)) return std::nullopt;
  const std::string& stage_id = columns.columns()[static_cast<size_t>(column)].stage_id;
  const auto group = deals->stages.find(symbols.Find(stage_id));
  return group == deals->stages.end() ? nullptr : &group->second.deals();
}

// Of all deals of a decision month each list offers its first ones. False: none was offered.
template <typename Offer>
bool OfferOfMonth(const Question& question, std::string_view column, const OrderKey& first,
                  const Offer& offer) {
  const DealsSnapshot& snapshot = question.snapshot;
  if (snapshot.indexes() == nullptr || !question.filter.all()) return false;
  const std::vector<const OrderedDeals*> lists = DealsOfMonth(snapshot, question.pipeline, column);
  const DealKeys keys = snapshot.table().keys();
  for (const OrderedDeals* list : lists) {
    list->ForEachFrom(first.number, first.id, keys.ids(),
                      [&](const OrderedDeals::Entry& entry) { return offer(entry.deal); });
  }
  return !lists.empty();
}

// Offers a page of cards by walking along the column, oldest first. False: none was offered.
bool OfferAlongColumn(const Question& question, std::string_view column, const PageRequest& page,
                      PageBuilder<DealIndex>& builder) {
  const DealsSnapshot& snapshot = question.snapshot;
  const OrderKey first = builder.after() != nullptr
                             ? *builder.after()
                             : OrderKey{.number = std::numeric_limits<int64_t>::min()};
  const auto offer = [&](DealIndex deal) {
    return builder.Offer(CardPlace(snapshot, deal, snapshot.standing().entered_us[deal]), deal);
  };
  if (question.column_by == v1::BOARD_COLUMN_BY_DECISION_MONTH) {
    return OfferOfMonth(question, column, first, offer);
  }
  const std::optional<const OrderedDeals*> deals = DealsOfColumn(question, column);
  if (!deals) return false;
  const DealKeys keys = snapshot.table().keys();
  const auto along = [&](const DealWalk::Visitor& visitor) {
    if (*deals == nullptr) return;
    (*deals)->ForEachFrom(
        first.number, first.id, keys.ids(),
        [&visitor](const OrderedDeals::Entry& entry) { return visitor(entry.deal); });
  };
  // The last card of the page before, the page's, and one that tells whether there is a next one.
  return DealWalk(snapshot, question.filter).Find(along, page.size + 2, offer);
}

bool IsMonth(std::string_view text) {
  constexpr std::string_view kShape = "0000-00";
  return text.size() == kShape.size() && text[4] == '-' &&
         std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) == 6;
}

absl::Status WriteColumns(const DealsSnapshot& snapshot, FilledBoard board,
                          v1::GetBoardResponse& reply) {
  DealMessages messages(snapshot);
  for (size_t i = 0; i < board.columns.size(); ++i) {
    const BoardLayout::Column& column = board.columns[i];
    ColumnContent& content = board.contents[i];
    v1::BoardColumn& out = *reply.add_columns();
    out.set_stage(column.label);
    out.set_stage_id(column.stage_id);
    out.set_kind(column.kind);
    out.set_count(content.count);
    out.set_stale_count(content.stale);
    if (column.probability) out.set_probability(*column.probability);
    RETURN_IF_ERROR(content.totals.Write(true, *out.mutable_totals()));
    content.cards.Write(messages, content.count, out);
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
  ASSIGN_OR_RETURN(
      Question question,
      MakeQuestion(views, request.pipeline(), request.column_by(), request.filter(), when, now_us));
  const DealsSnapshot& snapshot = question.snapshot;
  const auto count = static_cast<size_t>(cards);
  FilledBoard board;
  if (question.filter.all() && snapshot.indexes() != nullptr) {
    board = FillFromIndexes(snapshot, question.pipeline, question.column_by, count);
  } else {
    ASSIGN_OR_RETURN(const BoardLayout layout, LayoutOf(question));
    board = FillByScan(snapshot, layout, count);
  }
  v1::GetBoardResponse reply;
  reply.set_pipeline_id(question.pipeline.pipeline_id);
  reply.set_pipeline(question.pipeline.display_name.value);
  RETURN_IF_ERROR(WriteColumns(snapshot, std::move(board), reply));
  reply.set_position(static_cast<int64_t>(snapshot.position()));
  SetTimestamp(snapshot.shown_us(), *reply.mutable_as_of());
  return reply;
}

absl::StatusOr<Page<v1::Deal>> ListColumnCards(const TenantViews& views,
                                               const v1::ListColumnCardsRequest& request,
                                               const AsKnown& when, int64_t now_us,
                                               const PageRequest& page) {
  ASSIGN_OR_RETURN(auto builder, PageBuilder<DealIndex>::Make(page, false));
  ASSIGN_OR_RETURN(
      Question question,
      MakeQuestion(views, request.pipeline(), request.column_by(), request.filter(), when, now_us));
  const DealsSnapshot& snapshot = question.snapshot;
  DealMessages messages(snapshot);
  const auto finish = [&] {
    return builder.Finish([&messages](DealIndex deal) { return messages.Make(deal); });
  };
  if (OfferAlongColumn(question, request.column(), page, builder)) return finish();
  ASSIGN_OR_RETURN(const BoardLayout layout, LayoutOf(question));
  const int32_t column = layout.FindColumn(request.column());
  const bool by_month = request.column_by() == v1::BOARD_COLUMN_BY_DECISION_MONTH;
  if (column == BoardLayout::kNoColumn && by_month && IsMonth(request.column())) {
    return Page<v1::Deal>();  // A month without deals has no column.
  }
  if (column == BoardLayout::kNoColumn) {
    std::vector<std::string> labels;
    for (const BoardLayout::Column& each : layout.columns()) labels.push_back(each.label);
    return base::InvalidField(
        "column", absl::StrCat("expected a column of the board, found ", Quoted(request.column()),
                               "; they are: ", ListOfNames(std::move(labels))));
  }
  for (const auto& [deal, place] : layout.places()) {
    if (place != column) continue;
    builder.Offer(CardPlace(snapshot, deal, snapshot.standing().entered_us[deal]), deal);
  }
  return finish();
}

}  // namespace dealog::projections
