#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "projections/views/board.h"
#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

BoardLayout::Column ColumnOf(const StageAt& at) {
  BoardLayout::Column column{.label = at.stage.label(),
                             .stage_id = at.stage.stage_id(),
                             .kind = static_cast<v1::Stage::Kind>(at.stage.kind())};
  column.probability = ProbabilityOf(at.stage);
  if (at.open()) column.rot_threshold_us = at.stage.rot_threshold_seconds() * kMicrosPerSecond;
  return column;
}

}  // namespace

DecisionMonths::DecisionMonths(const DealsSnapshot& snapshot)
    : today_(DayAt(snapshot.shown_us(), snapshot.tenant().time_zone())) {}

int32_t DecisionMonths::MonthOf(int32_t day) {
  const events::v1::Date date = DateOfDay(day);
  return date.year() * 12 + date.month() - 1;
}

int32_t DecisionMonths::BucketOf(FieldValue day) {
  if (!day.set()) return kNoDate;
  if (day.value < today_) return kOverdue;
  const auto [found, is_new] = by_day_.try_emplace(static_cast<int32_t>(day.value));
  if (is_new) found->second = MonthOf(static_cast<int32_t>(day.value));
  return found->second;
}

std::string DecisionMonths::Label(int32_t bucket) {
  if (bucket == kOverdue) return std::string(kOverdueColumn);
  if (bucket == kNoDate) return std::string(kNoDateColumn);
  return absl::StrFormat("%04d-%02d", bucket / 12, bucket % 12 + 1);
}

std::optional<double> ProbabilityOf(const events::v1::Stage& stage) {
  if (stage.kind() == events::v1::STAGE_KIND_WON) return 1;
  if (stage.kind() == events::v1::STAGE_KIND_LOST) return 0;
  if (stage.has_probability()) return stage.probability();
  return std::nullopt;
}

int64_t StageWeights::Nanos(Symbol stage) {
  return nanos_.Get(stage, [this](Symbol symbol) {
    const StageAt* at = snapshot_.Stage(symbol);
    return at != nullptr ? ProbabilityNanos(ProbabilityOf(at->stage).value_or(0)) : 0;
  });
}

BoardLayout BoardLayout::ByStage(const DealsSnapshot& snapshot, const PipelineAt& pipeline,
                                 const DealMarks& marks) {
  BoardLayout layout;
  SymbolMemo<int32_t> columns;
  for (const StageAt& stage : pipeline.stages) {
    if (stage.retired) continue;
    const auto number = static_cast<int32_t>(layout.columns_.size());
    layout.columns_.push_back(ColumnOf(stage));
    const Symbol symbol = snapshot.symbols().Find(stage.stage.stage_id());
    if (symbol != kNoSymbol) columns.Get(symbol, [number](Symbol) { return number; });
  }
  const std::vector<Symbol>& stages = snapshot.standing().stage;
  for (DealIndex deal = 0; deal < marks.size(); ++deal) {
    if (!marks[deal]) continue;
    // A deal in a stage that the order lacks (retired, or not yet added then) still shows.
    const int32_t column = columns.Get(stages[deal], [&](Symbol symbol) {
      const StageAt* at = snapshot.Stage(symbol);
      layout.columns_.push_back(at != nullptr ? ColumnOf(*at) : Column{});
      return static_cast<int32_t>(layout.columns_.size()) - 1;
    });
    layout.places_.push_back({.deal = deal, .column = column});
  }
  return layout;
}

BoardLayout BoardLayout::ByDecisionMonth(const DealsSnapshot& snapshot, const DealMarks& marks) {
  BoardLayout layout;
  const FactTable& table = snapshot.table();
  const std::vector<Outcome>& outcomes = snapshot.standing().outcome;
  DecisionMonths months(snapshot);
  std::map<int32_t, int32_t> number_of = {{DecisionMonths::kOverdue, 0},
                                          {DecisionMonths::kNoDate, 0}};
  for (DealIndex deal = 0; deal < marks.size(); ++deal) {
    if (!marks[deal] || outcomes[deal] != Outcome::kOpen) continue;
    const int32_t bucket =
        months.BucketOf(table.Latest(deal, DealField::kExpectedClose, snapshot.as_of()));
    number_of.try_emplace(bucket);
    layout.places_.push_back({.deal = deal, .column = bucket});
  }
  for (auto& [bucket, number] : number_of) {
    number = static_cast<int32_t>(layout.columns_.size());
    layout.columns_.push_back({.label = DecisionMonths::Label(bucket)});
  }
  for (Place& place : layout.places_) place.column = number_of[place.column];
  return layout;
}

int32_t BoardLayout::FindColumn(std::string_view name) const {
  for (const bool by_id : {true, false}) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string& each = by_id ? columns_[i].stage_id : columns_[i].label;
      if (!name.empty() && each == name) return static_cast<int32_t>(i);
    }
  }
  return kNoColumn;
}

}  // namespace dealog::projections
