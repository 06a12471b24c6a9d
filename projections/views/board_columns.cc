#include "projections/views/board_columns.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "eventstore/base/check.h"
#include "projections/views/deals_index.h"

namespace dealog::projections {
namespace {

constexpr size_t kFetchedTogether = 256;

// Deals that entered a stage of the column before are stale: they have been there for longer than
// its threshold.
int64_t StaleBefore(const DealsSnapshot& snapshot, const BoardLayout::Column& column) {
  return column.rot_threshold_us > 0 ? snapshot.shown_us() - column.rot_threshold_us
                                     : std::numeric_limits<int64_t>::min();
}

// nullptr: no deal was ever in it.
const DealIndexes::Pipeline* DealsOfPipeline(const DealsSnapshot& snapshot,
                                             const PipelineAt& pipeline) {
  DEALOG_CHECK(snapshot.indexes() != nullptr) << "only of what is known now";
  const Symbol symbol = snapshot.symbols().Find(pipeline.pipeline_id);
  return symbol == kNoSymbol ? nullptr : snapshot.indexes()->Find(symbol);
}

// Puts groups of the indexes into columns.
class IndexedBoard {
 public:
  IndexedBoard(const DealsSnapshot& snapshot, size_t cards_per_column)
      : snapshot_(snapshot), weights_(snapshot), cards_(cards_per_column) {}

  ColumnContent Empty() const { return {.cards = FirstCards(snapshot_, cards_)}; }
  void Add(Symbol stage, const DealGroup& group, int64_t stale_before_us, ColumnContent& content) {
    content.count += static_cast<int64_t>(group.deals().size());
    content.stale += static_cast<int64_t>(group.deals().CountBefore(stale_before_us));
    group.AddTotals(
        weights_.Nanos(stage),
        [this](DealIndex deal) {
          return snapshot_.table().Latest(deal, DealField::kAmount, kNever);
        },
        content.totals);
    group.deals().ForEach([&content](const OrderedDeals::Entry& entry) {
      return content.cards.Offer(entry.deal, entry.at_us);
    });
  }

 private:
  const DealsSnapshot& snapshot_;
  StageWeights weights_;
  const size_t cards_;
};

// Stages in the order in which their deals are numbered: as a scan meets them.
std::vector<Symbol> StagesAsMet(const DealIndexes::Pipeline& pipeline, const StageColumns& known,
                                const DealPostings& postings) {
  std::vector<std::pair<DealIndex, Symbol>> unknown;
  for (const auto& [stage, group] : pipeline.stages) {
    if (known.Has(stage)) continue;
    // A stage is one pipeline's.
    unknown.emplace_back(postings.Find(Posted::kStage, stage)->First(), stage);
  }
  std::sort(unknown.begin(), unknown.end());
  std::vector<Symbol> stages;
  for (const auto& [first, stage] : unknown) stages.push_back(stage);
  return stages;
}

FilledBoard StagesFromIndexes(const DealsSnapshot& snapshot, const PipelineAt& pipeline,
                              const DealIndexes::Pipeline* deals, size_t cards_per_column) {
  IndexedBoard indexed(snapshot, cards_per_column);
  StageColumns columns(snapshot, pipeline);
  if (deals != nullptr) {
    for (const Symbol stage : StagesAsMet(*deals, columns, snapshot.indexes()->postings())) {
      columns.Of(stage);
    }
  }
  FilledBoard board{.columns = columns.columns()};
  board.contents.resize(board.columns.size(), indexed.Empty());
  if (deals == nullptr) return board;
  for (const auto& [stage, group] : deals->stages) {
    const auto number = static_cast<size_t>(columns.Of(stage));
    indexed.Add(stage, group, StaleBefore(snapshot, board.columns[number]), board.contents[number]);
  }
  return board;
}

FilledBoard MonthsFromIndexes(const DealsSnapshot& snapshot, const DealIndexes::Pipeline* deals,
                              size_t cards_per_column) {
  IndexedBoard indexed(snapshot, cards_per_column);
  DecisionMonths months(snapshot);
  std::vector<ColumnContent> by_bucket(2, indexed.Empty());
  if (deals != nullptr) {
    for (const auto& [day, stages] : deals->days) {
      const size_t bucket = months.BucketOf({.value = day});
      if (bucket >= by_bucket.size()) by_bucket.resize(bucket + 1, indexed.Empty());
      for (const auto& [stage, group] : stages) {
        indexed.Add(stage, group, std::numeric_limits<int64_t>::min(), by_bucket[bucket]);
      }
    }
  }
  FilledBoard board;
  for (const size_t bucket : months.InOrder()) {
    board.columns.push_back({.label = months.Label(bucket)});
    board.contents.push_back(std::move(by_bucket[bucket]));
  }
  return board;
}

}  // namespace

OrderKey CardPlace(const DealsSnapshot& snapshot, DealIndex deal, int64_t entered_us) {
  return {.number = entered_us, .id = snapshot.view().Id(deal)};
}

bool FirstCards::IsBefore(const Card& a, const Card& b) const {
  if (a.first != b.first) return a.first < b.first;
  return snapshot_->view().Id(a.second) < snapshot_->view().Id(b.second);
}

bool FirstCards::Offer(DealIndex deal, int64_t entered_us) {
  const auto before = [this](const Card& a, const Card& b) { return IsBefore(a, b); };
  if (kept_.size() == count_) {
    // Most deals are later than all that are kept; that costs one comparison.
    if (count_ == 0 || entered_us > kept_.front().first) return false;
    if (!before({entered_us, deal}, kept_.front())) return false;
    std::pop_heap(kept_.begin(), kept_.end(), before);
    kept_.pop_back();
  }
  kept_.emplace_back(entered_us, deal);
  std::push_heap(kept_.begin(), kept_.end(), before);
  return true;
}

void FirstCards::Write(DealMessages& messages, int64_t column_count, v1::BoardColumn& column) {
  std::sort_heap(kept_.begin(), kept_.end(),
                 [this](const Card& a, const Card& b) { return IsBefore(a, b); });
  for (const auto& [entered_us, deal] : kept_) *column.add_cards() = messages.Make(deal);
  if (kept_.empty() || column_count <= static_cast<int64_t>(kept_.size())) return;
  column.set_next_page_token(
      EncodeCursor(CardPlace(*snapshot_, kept_.back().second, kept_.back().first)));
}

FilledBoard FillByScan(const DealsSnapshot& snapshot, const BoardLayout& layout,
                       size_t cards_per_column) {
  const StandingColumns& standing = snapshot.standing();
  StageWeights weights(snapshot);
  FilledBoard board{.columns = layout.columns()};
  board.contents.resize(board.columns.size(),
                        ColumnContent{.cards = FirstCards(snapshot, cards_per_column)});
  std::vector<int64_t> stale_before_us;
  for (const BoardLayout::Column& column : board.columns) {
    stale_before_us.push_back(StaleBefore(snapshot, column));
  }
  // What lies far apart in memory is fetched for many deals before any of it is looked at: else
  // each deal waits for its own.
  struct Fetched {
    int64_t entered_us;
    FieldValue amount;
    Symbol stage;
  };
  std::array<Fetched, kFetchedTogether> fetched;
  const std::vector<BoardLayout::Place>& places = layout.places();
  for (size_t begin = 0; begin < places.size(); begin += fetched.size()) {
    const size_t count = std::min(fetched.size(), places.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      const DealIndex deal = places[begin + i].deal;
      fetched[i] = {.entered_us = standing.entered_us[deal],
                    .amount = snapshot.table().Latest(deal, DealField::kAmount, snapshot.as_of()),
                    .stage = standing.stage[deal]};
    }
    for (size_t i = 0; i < count; ++i) {
      const auto& [deal, column] = places[begin + i];
      const auto& [entered_us, amount, stage] = fetched[i];
      const auto number = static_cast<size_t>(column);
      ColumnContent& content = board.contents[number];
      ++content.count;
      content.stale += entered_us < stale_before_us[number] ? 1 : 0;
      content.cards.Offer(deal, entered_us);
      if (!amount.set()) continue;
      content.totals.Add(amount.currency, amount.value,
                         Weighted(amount.value, weights.Nanos(stage)));
    }
  }
  return board;
}

std::vector<const OrderedDeals*> DealsOfMonth(const DealsSnapshot& snapshot,
                                              const PipelineAt& pipeline, std::string_view label) {
  std::vector<const OrderedDeals*> found;
  const DealIndexes::Pipeline* const deals = DealsOfPipeline(snapshot, pipeline);
  if (deals == nullptr) return found;
  DecisionMonths months(snapshot);
  SymbolMemo<uint8_t> asked;  // By bucket: its label is the one.
  for (const auto& [day, stages] : deals->days) {
    const size_t bucket = months.BucketOf({.value = day});
    if (!asked.Get(static_cast<Symbol>(bucket),
                   [&](Symbol of) { return uint8_t{months.Label(of) == label}; })) {
      continue;
    }
    for (const auto& [stage, group] : stages) found.push_back(&group.deals());
  }
  return found;
}

FilledBoard FillFromIndexes(const DealsSnapshot& snapshot, const PipelineAt& pipeline,
                            v1::BoardColumnBy column_by, size_t cards_per_column) {
  const DealIndexes::Pipeline* const deals = DealsOfPipeline(snapshot, pipeline);
  return column_by == v1::BOARD_COLUMN_BY_DECISION_MONTH
             ? MonthsFromIndexes(snapshot, deals, cards_per_column)
             : StagesFromIndexes(snapshot, pipeline, deals, cards_per_column);
}

}  // namespace dealog::projections
