#pragma once

// The bitemporal fact store of deals. Rows: one per chunk of a deal's tape ("d" + id + the chunk's
// number) and one per symbol ("#" + its number, so that symbols load before the tapes that hold
// them). Numbers have four bytes, the highest first. A row that a later event does not belong to
// never changes again.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/projection.h"
#include "projections/tenant_views.h"
#include "projections/views/cow_column.h"
#include "projections/views/deals_fold.h"
#include "projections/views/deals_table.h"
#include "projections/views/deals_tape.h"
#include "projections/views/dictionary.h"
#include "projections/views/past_tables.h"
#include "projections/views/reads.h"

namespace dealog::projections {

// Tapes that are cloned together when one of them grows while a copy holds it: some 600 bytes each.
inline constexpr size_t kTapesPerChunk = 128;

// Thread safety: as ViewState; a copy may be read while the original is written.
class DealsView final : public Copied<DealsView, ViewState> {
 public:
  DealsView() { table_.MakeIndexes(); }
  // For Copy: takes a pointer per chunk of deals. The copy's table has no indexes.
  DealsView(const DealsView& other);

  absl::Status Fold(const FoldedEvent& event) override;
  // Brings the table up to the deals that changed.
  void CommitDone() override;
  void FlushRows(RowSink& sink) override;
  absl::Status LoadRow(std::string_view key, std::string_view value) override;
  size_t RowCount() const override { return chunk_count_ + symbols_.size() - 1; }

  size_t ApproximateBytes() const override;

  const Symbols& symbols() const { return symbols_; }
  size_t deal_count() const { return tapes_.size(); }
  std::string_view Id(DealIndex deal) const { return ids_->Text(deal); }
  std::optional<DealIndex> Find(std::string_view deal_id) const;
  // Everything about one deal within a horizon, folded from its tape.
  void FactsOf(DealIndex deal, const Horizon& horizon, DealFacts& facts) const;
  // The same, without a fold where one is kept; else folded into `scratch`.
  const DealFacts& FindFacts(DealIndex deal, const Horizon& horizon, DealFacts& scratch) const;
  const Tape& TapeOf(DealIndex deal) const { return tapes_[deal]; }
  // All that is known now.
  const FactTable& table() const { return table_; }
  // All that was known at a position; takes as long as folding the tenant's deals.
  FactTable TableAt(uint64_t known_position) const;
  // The same, made once for all who ask about the position lately.
  PastTables::Shared PastTableAt(uint64_t known_position) const;

 private:
  // Of the original only.
  struct Unwritten {
    uint32_t flushed = 0;  // Chunks whose rows will not change.
    bool stale = false;    // The table lacks its newest events.
    bool dirty = false;    // Its row was not flushed since it changed.
  };

  // Its number; a new one for a new deal.
  DealIndex IndexOf(std::string_view deal_id);
  void Touch(DealIndex index);
  void FoldInto(FactTable& table, DealIndex deal, const Horizon& horizon, DealFacts& scratch) const;

  // Shared by copies, which may know less of it.
  std::shared_ptr<Dictionary> ids_ = std::make_shared<Dictionary>();
  Symbols symbols_;
  std::shared_ptr<PastTables> past_tables_ = std::make_shared<PastTables>();

  CowColumn<Tape, kTapesPerChunk> tapes_;  // By deal.
  FactTable table_{DealIds(ids_)};
  size_t chunk_count_ = 0;  // Of all tapes.
  size_t tape_bytes_ = 0;   // Of all tapes.

  std::vector<Unwritten> unwritten_;  // By deal.
  size_t symbols_flushed_ = 1;        // The empty text needs no row.
  std::vector<DealIndex> stale_;
  std::vector<DealIndex> dirty_;
  TapeEvent event_;  // Reused by Fold.
  DealFacts scratch_{table_.tag_sets()};
};

ViewDefinition DealsViewDefinition();

}  // namespace dealog::projections
