#pragma once

// The board: deals of a pipeline in columns, by stage or by decision month.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dealog/v1/board.pb.h"
#include "projections/views/deals_filter.h"
#include "projections/views/deals_snapshot.h"

namespace dealog::projections {

inline constexpr std::string_view kOverdueColumn = "OVERDUE";
inline constexpr std::string_view kNoDateColumn = "NO_DATE";

// Decision months: which bucket an expected close date falls into, seen from an instant. Buckets
// have dense numbers as they are seen; kOverdue and kNoDate always are.
// Thread safety: none.
class DecisionMonths {
 public:
  static constexpr size_t kOverdue = 0;
  static constexpr size_t kNoDate = 1;

  explicit DecisionMonths(const DealsSnapshot& snapshot);
  // `day` is the value of DealField::kExpectedClose.
  size_t BucketOf(FieldValue day) {
    if (!day.set()) return kNoDate;
    if (day.value < today_) return kOverdue;
    const auto ahead = static_cast<size_t>(day.value - today_);
    return ahead < by_day_.size() && by_day_[ahead] != 0 ? by_day_[ahead] : Find(day.value);
  }
  // The bucket of a month, however long ago it was; seen from now on.
  size_t BucketOfMonth(int32_t month);
  // The bucket's month as year x 12 + month - 1; neither kOverdue nor kNoDate has one.
  int32_t Month(size_t bucket) const { return months_[bucket]; }
  std::string Label(size_t bucket) const;
  // All buckets seen: kOverdue, months as they come, kNoDate.
  std::vector<size_t> InOrder() const;
  static int32_t MonthOf(int32_t day);

 private:
  static constexpr size_t kDaysRemembered = 10'000;  // Ahead; what is later is looked up.

  size_t Find(int64_t day);

  int32_t today_;
  std::vector<int32_t> months_;   // By bucket; those without a month sort where they belong.
  std::vector<uint32_t> by_day_;  // By days ahead; 0 = not seen yet.
};

// What a stage's deals weigh. Thread safety: none.
class StageWeights {
 public:
  explicit StageWeights(const DealsSnapshot& snapshot) : snapshot_(snapshot) {}
  // The stage's chance to win in billionths: WON 1, LOST 0, an OPEN one without an opinion 0.
  int64_t Nanos(Symbol stage);

 private:
  const DealsSnapshot& snapshot_;
  SymbolMemo<int64_t> nanos_;
};

// The stage's chance to win; unset = no opinion.
std::optional<double> ProbabilityOf(const events::v1::Stage& stage);

// Which deals are in which column. Columns are dense numbers in display order.
class BoardLayout {
 public:
  struct Column {
    std::string label;
    std::string stage_id;  // "" by decision month.
    v1::Stage::Kind kind = v1::Stage::OPEN;
    std::optional<double> probability;
    int64_t rot_threshold_us = 0;  // 0 = never stale.
  };
  static constexpr int32_t kNoColumn = -1;
  struct Place {
    DealIndex deal;
    int32_t column;
  };

  // Every deal that matched.
  static BoardLayout ByStage(const DealsSnapshot& snapshot, const PipelineAt& pipeline,
                             const MatchedDeals& deals);
  static BoardLayout ByDecisionMonth(const DealsSnapshot& snapshot, const MatchedDeals& deals);

  const std::vector<Column>& columns() const { return columns_; }
  // Every deal on the board and its column.
  const std::vector<Place>& places() const { return places_; }
  // The column of a stage's id or label, or of a decision month; kNoColumn if there is none.
  int32_t FindColumn(std::string_view name) const { return FindColumn(columns_, name); }
  static int32_t FindColumn(const std::vector<Column>& columns, std::string_view name);

 private:
  std::vector<Column> columns_;
  std::vector<Place> places_;
};

// The columns of stages: those of the pipeline's order that are not retired, then others as they
// are asked for: a deal in a stage that the order lacks (retired, or not added then) still shows.
// Thread safety: none. Ownership: the snapshot must outlive it.
class StageColumns {
 public:
  StageColumns(const DealsSnapshot& snapshot, const PipelineAt& pipeline);
  bool Has(Symbol stage) const {
    return stage < number_of_.size() && number_of_[stage] != BoardLayout::kNoColumn;
  }
  // Its column, a new one if need be.
  int32_t Of(Symbol stage) { return Has(stage) ? number_of_[stage] : Add(stage); }
  const std::vector<BoardLayout::Column>& columns() const { return columns_; }

 private:
  int32_t Add(Symbol stage);
  int32_t Put(Symbol stage, BoardLayout::Column column);

  const DealsSnapshot& snapshot_;
  std::vector<BoardLayout::Column> columns_;
  std::vector<int32_t> number_of_;  // By stage.
};

}  // namespace dealog::projections
