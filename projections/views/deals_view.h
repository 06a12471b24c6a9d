#pragma once

// The bitemporal fact store of deals. Rows: one per chunk of a deal's tape ("d" + id + the chunk's
// number) and one per symbol ("#" + its number, so that symbols load before the tapes that hold
// them). Numbers have four bytes, the highest first. A row that a later event does not belong to
// never changes again.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "projections/projection.h"
#include "projections/tenant_views.h"
#include "projections/views/deals_fold.h"
#include "projections/views/deals_table.h"
#include "projections/views/deals_tape.h"
#include "projections/views/past_tables.h"

namespace dealog::projections {

inline constexpr std::string_view kDealsView = "deals";

// Thread safety: as ViewState.
class DealsView final : public ViewState {
 public:
  DealsView() { MakeIndexes(); }

  absl::Status Fold(const FoldedEvent& event) override;
  // Brings the table up to the deals that changed.
  void CommitDone() override;
  void FlushRows(RowSink& sink) override;
  absl::Status LoadRow(std::string_view key, std::string_view value) override;
  size_t RowCount() const override { return chunk_count_ + symbols_.size() - 1; }

  size_t ApproximateBytes() const override;

  const Symbols& symbols() const { return symbols_; }
  size_t deal_count() const { return deals_.size(); }
  std::string_view Id(DealIndex deal) const { return deals_[deal].id; }
  std::optional<DealIndex> Find(std::string_view deal_id) const;
  // Everything about one deal within a horizon, folded from its tape.
  void FactsOf(DealIndex deal, const Horizon& horizon, DealFacts& facts) const;
  // The same, without a fold where one is kept; else folded into `scratch`.
  const DealFacts& FindFacts(DealIndex deal, const Horizon& horizon, DealFacts& scratch) const;
  const Tape& TapeOf(DealIndex deal) const { return deals_[deal].tape; }
  // All that is known now.
  const FactTable& table() const { return table_; }
  // All that was known at a position; takes as long as folding the tenant's deals.
  FactTable TableAt(uint64_t known_position) const;
  // The same, made once for all who ask about the position lately.
  PastTables::Shared PastTableAt(uint64_t known_position) const;

 private:
  struct Deal {
    std::string id;
    Tape tape;
    uint32_t flushed = 0;  // Chunks whose rows will not change.
    bool stale = false;    // The table lacks its newest events.
    bool dirty = false;    // Its row was not flushed since it changed.
  };
  // Its number; a new one for a new deal.
  DealIndex IndexOf(std::string_view deal_id);
  void Touch(DealIndex index);
  void MakeIndexes() {
    table_.MakeIndexes([this](DealIndex deal) { return Id(deal); });
  }
  void FoldInto(FactTable& table, DealIndex deal, const Horizon& horizon, DealFacts& scratch) const;

  std::vector<Deal> deals_;
  absl::flat_hash_map<std::string, DealIndex> by_id_;
  Symbols symbols_;
  size_t symbols_flushed_ = 1;  // The empty text needs no row.
  size_t chunk_count_ = 0;      // Of all tapes.
  size_t tape_bytes_ = 0;       // Of all tapes.
  FactTable table_;
  std::vector<DealIndex> stale_;
  std::vector<DealIndex> dirty_;
  TapeEvent event_;  // Reused by Fold.
  DealFacts scratch_{table_.tag_sets()};
  mutable PastTables past_tables_;
};

ViewDefinition DealsViewDefinition();

}  // namespace dealog::projections
