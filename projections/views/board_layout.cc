#include <algorithm>
#include <numeric>

#include "absl/strings/str_format.h"
#include "projections/views/board.h"
#include "projections/views/instants.h"

namespace dealog::projections {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

BoardLayout::Column ColumnOf(const StageAt& at) {
  BoardLayout::Column column{
      .label = at.label(), .stage_id = at.id(), .kind = static_cast<v1::Stage::Kind>(at.kind())};
  column.probability = ProbabilityOf(at.definition);
  if (at.open()) column.rot_threshold_us = at.definition.rot_threshold_seconds() * kMicrosPerSecond;
  return column;
}

}  // namespace

DecisionMonths::DecisionMonths(const DealsSnapshot& snapshot)
    : today_(DayAt(snapshot.shown_us(), snapshot.tenant().time_zone())),
      months_{std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()} {}

int32_t DecisionMonths::MonthOf(int32_t day) {
  const events::v1::Date date = DateOfDay(day);
  return date.year() * 12 + date.month() - 1;
}

size_t DecisionMonths::Find(int64_t day) {
  const size_t bucket = BucketOfMonth(MonthOf(static_cast<int32_t>(day)));
  if (const auto ahead = static_cast<size_t>(day - today_); ahead < kDaysRemembered) {
    if (ahead >= by_day_.size()) by_day_.resize(ahead + 1);
    by_day_[ahead] = static_cast<uint32_t>(bucket);
  }
  return bucket;
}

size_t DecisionMonths::BucketOfMonth(int32_t month) {
  const auto found = std::find(months_.begin(), months_.end(), month);
  const auto bucket = static_cast<size_t>(found - months_.begin());
  if (found == months_.end()) months_.push_back(month);
  return bucket;
}

std::string DecisionMonths::Label(size_t bucket) const {
  if (bucket == kOverdue) return std::string(kOverdueColumn);
  if (bucket == kNoDate) return std::string(kNoDateColumn);
  return absl::StrFormat("%04d-%02d", months_[bucket] / 12, months_[bucket] % 12 + 1);
}

std::vector<size_t> DecisionMonths::InOrder() const {
  std::vector<size_t> buckets(months_.size());
  std::iota(buckets.begin(), buckets.end(), size_t{0});
  std::sort(buckets.begin(), buckets.end(),
            [this](size_t a, size_t b) { return months_[a] < months_[b]; });
  return buckets;
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
    return at != nullptr ? ProbabilityNanos(ProbabilityOf(at->definition).value_or(0)) : 0;
  });
}

StageColumns::StageColumns(const DealsSnapshot& snapshot, const PipelineAt& pipeline)
    : snapshot_(snapshot) {
  for (const StageAt& stage : pipeline.stages) {
    if (!stage.retired()) Put(snapshot.symbols().Find(stage.id()), ColumnOf(stage));
  }
}

int32_t StageColumns::Put(Symbol stage, BoardLayout::Column column) {
  const auto number = static_cast<int32_t>(columns_.size());
  columns_.push_back(std::move(column));
  if (stage == kNoSymbol) return number;  // No deal was ever in it.
  if (stage >= number_of_.size()) number_of_.resize(stage + 1, BoardLayout::kNoColumn);
  number_of_[stage] = number;
  return number;
}

int32_t StageColumns::Add(Symbol stage) {
  const StageAt* at = snapshot_.Stage(stage);
  return Put(stage, at != nullptr ? ColumnOf(*at) : BoardLayout::Column{});
}

BoardLayout BoardLayout::ByStage(const DealsSnapshot& snapshot, const PipelineAt& pipeline,
                                 const MatchedDeals& deals) {
  BoardLayout layout;
  StageColumns columns(snapshot, pipeline);
  const CowColumn<Symbol>& stages = snapshot.standing().stage;
  layout.places_.reserve(deals.size_max());
  deals.ForEach([&](DealIndex deal) {
    layout.places_.push_back({.deal = deal, .column = columns.Of(stages[deal])});
  });
  layout.columns_ = columns.columns();
  return layout;
}

BoardLayout BoardLayout::ByDecisionMonth(const DealsSnapshot& snapshot, const MatchedDeals& deals) {
  BoardLayout layout;
  const FactTable& table = snapshot.table();
  const CowColumn<Outcome>& outcomes = snapshot.standing().outcome;
  DecisionMonths months(snapshot);
  layout.places_.reserve(deals.size_max());
  deals.ForEach([&](DealIndex deal) {
    if (outcomes[deal] != Outcome::kOpen) return;
    const size_t bucket =
        months.BucketOf(table.Latest(deal, DealField::kExpectedClose, snapshot.as_of()));
    layout.places_.push_back({.deal = deal, .column = static_cast<int32_t>(bucket)});
  });
  const std::vector<size_t> order = months.InOrder();
  std::vector<int32_t> column_of(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    column_of[order[i]] = static_cast<int32_t>(i);
    layout.columns_.push_back({.label = months.Label(order[i])});
  }
  for (Place& place : layout.places_) place.column = column_of[static_cast<size_t>(place.column)];
  return layout;
}

int32_t BoardLayout::FindColumn(const std::vector<Column>& columns, std::string_view name) {
  for (const bool by_id : {true, false}) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string& each = by_id ? columns[i].stage_id : columns[i].label;
      if (!name.empty() && each == name) return static_cast<int32_t>(i);
    }
  }
  return kNoColumn;
}

}  // namespace dealog::projections
