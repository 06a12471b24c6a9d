#pragma once

// The bitemporal fact store of deals. Rows: one tape per deal ("d" + id), one per symbol ("#" + its
// number, so that symbols load before the tapes that hold them).

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

namespace dealog::projections {

inline constexpr std::string_view kDealsView = "deals";

// Thread safety: as ViewState.
class DealsView final : public ViewState {
 public:
  absl::Status Fold(const FoldedEvent& event) override;
  // Folds the tapes of the deals that changed into the table.
  void CommitDone() override;
  void FlushRows(RowSink& sink) override;
  absl::Status LoadRow(std::string_view key, std::string_view value) override;
  size_t RowCount() const override { return deals_.size() + symbols_.size() - 1; }

  const Symbols& symbols() const { return symbols_; }
  size_t deal_count() const { return deals_.size(); }
  std::string_view Id(DealIndex deal) const { return deals_[deal].id; }
  std::optional<DealIndex> Find(std::string_view deal_id) const;
  // Everything about one deal within a horizon; texts are valid while the read lasts.
  void FactsOf(DealIndex deal, const Horizon& horizon, DealFacts& facts) const;
  // All that is known now.
  const FactTable& table() const { return table_; }
  // All that was known at a position; takes as long as folding the tenant's deals.
  FactTable TableAt(uint64_t known_position) const;

 private:
  struct Deal {
    std::string id;
    std::string tape;
    TapeEnd end;
    bool stale = false;  // The table lacks its newest events.
    bool dirty = false;  // Its row was not flushed since it changed.
  };
  // Its number; a new one for a new deal.
  DealIndex IndexOf(std::string_view deal_id);
  void Touch(DealIndex index);

  std::vector<Deal> deals_;
  absl::flat_hash_map<std::string, DealIndex> by_id_;
  Symbols symbols_;
  size_t symbols_flushed_ = 1;  // The empty text needs no row.
  FactTable table_;
  std::vector<DealIndex> stale_;
  std::vector<DealIndex> dirty_;
  DealFacts scratch_;
};

ViewDefinition DealsViewDefinition();

}  // namespace dealog::projections
