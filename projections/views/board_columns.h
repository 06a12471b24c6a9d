#pragma once

// What a board says of each column: how many deals, how many of them are stale, totals and the
// first cards. By a scan of the deals that match a filter, or, of all deals as they are now, from
// the indexes, whatever their number. Both say the same (board_totals_test.cc).

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "projections/views/board.h"
#include "projections/views/deals_message.h"
#include "projections/views/deals_order.h"
#include "projections/views/deals_snapshot.h"
#include "projections/views/money.h"
#include "projections/views/paging.h"

namespace dealog::projections {

// Cards come by time of entry into the stage, oldest first.
OrderKey CardPlace(const DealsSnapshot& snapshot, DealIndex deal, int64_t entered_us);

// The first cards of a column. Thread safety: none. Ownership: the snapshot must outlive it.
class FirstCards {
 public:
  FirstCards(const DealsSnapshot& snapshot, size_t count) : snapshot_(&snapshot), count_(count) {}

  // False: neither it nor any that entered later is among the first.
  bool Offer(DealIndex deal, int64_t entered_us);
  // Writes the cards, and a token where the column has more than them.
  void Write(DealMessages& messages, int64_t column_count, v1::BoardColumn& column);

 private:
  // A deal and when it entered its stage.
  using Card = std::pair<int64_t, DealIndex>;
  // By time of entry, then by id.
  bool IsBefore(const Card& a, const Card& b) const;

  const DealsSnapshot* snapshot_;
  size_t count_;
  std::vector<Card> kept_;  // A heap, the last card in front.
};

struct ColumnContent {
  int64_t count = 0;
  int64_t stale = 0;
  CurrencySums totals;
  FirstCards cards;
};

struct FilledBoard {
  std::vector<BoardLayout::Column> columns;
  std::vector<ColumnContent> contents;  // At the same places.
};

// The deals that the layout places.
FilledBoard FillByScan(const DealsSnapshot& snapshot, const BoardLayout& layout,
                       size_t cards_per_column);

// Lists of the open deals whose decision month has the label, each in the order of cards; none: no
// deal has. The snapshot must have indexes.
std::vector<const OrderedDeals*> DealsOfMonth(const DealsSnapshot& snapshot,
                                              const PipelineAt& pipeline, std::string_view label);

// All deals of the pipeline. The snapshot must have indexes.
FilledBoard FillFromIndexes(const DealsSnapshot& snapshot, const PipelineAt& pipeline,
                            v1::BoardColumnBy column_by, size_t cards_per_column);

}  // namespace dealog::projections
