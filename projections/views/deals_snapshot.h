#pragma once

// What one question about deals sees: the fact table of its known_at, cut at its as_of, and the
// names that things had then.
//
//   ASSIGN_OR_RETURN(const DealsSnapshot snapshot, DealsSnapshot::Make(views, when, now_us));
//   for (DealIndex deal = 0; deal < snapshot.deal_count(); ++deal) {
//     if (snapshot.Exists(deal)) ... snapshot.standing().stage[deal] ...

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/views/catalog_view.h"
#include "projections/views/deals_view.h"
#include "projections/views/organizations_view.h"
#include "projections/views/pipelines_view.h"
#include "projections/views/queries.h"
#include "projections/views/stages_at.h"
#include "projections/views/tenant_view.h"

namespace dealog::projections {

// Remembers a function's value per symbol (or any other dense number).
template <typename T>
class SymbolMemo {
 public:
  template <typename Compute>
  const T& Get(Symbol symbol, Compute compute) {
    if (symbol >= known_.size()) {
      known_.resize(symbol + 1);
      values_.resize(symbol + 1);
    }
    if (!known_[symbol]) {
      values_[symbol] = compute(symbol);
      known_[symbol] = 1;
    }
    return values_[symbol];
  }

 private:
  std::vector<T> values_;
  std::vector<uint8_t> known_;
};

// Thread safety: none, one question's. Ownership: the views must outlive it.
class DealsSnapshot {
 public:
  // Detaches the views where the question is about a past, for which all deals are passed.
  static absl::StatusOr<DealsSnapshot> Make(const TenantViews& views, const AsKnown& when,
                                            int64_t now_us);

  // A snapshot for single deals only: it answers FactsOf and labels at the horizon, but has no past
  // table, so that asking about one deal does not fold all of them.
  static absl::StatusOr<DealsSnapshot> MakeForOne(const TenantViews& views, const AsKnown& when,
                                                  int64_t now_us);

  // Detaches the views, before deals are passed in such numbers that a fold should not wait for it.
  // The numbers of deals and symbols stay; what was pointed to does not, and there are no indexes.
  absl::Status Detach();

  const DealsView& view() const { return *view_; }
  const PipelinesView& pipelines() const { return *pipelines_; }
  const CatalogView& catalog() const { return *catalog_; }
  const OrganizationsView& organizations() const { return *organizations_; }
  const TenantView& tenant() const { return *tenant_; }
  const FactTable& table() const { return past_ ? *past_ : view_->table(); }
  // Indexes of all that counts; nullptr where the question is about a past.
  const DealIndexes* indexes() const {
    return as_of() == kNever && !past_ ? view_->table().indexes() : nullptr;
  }
  const Symbols& symbols() const { return view_->symbols(); }
  const Horizon& horizon() const { return horizon_; }

  // The position that the answer is at.
  uint64_t position() const { return position_; }
  // What occurred strictly before it counts; kNever = everything.
  int64_t as_of() const { return horizon_.as_of_us; }
  // The instant it shows: as_of, or the request's.
  int64_t shown_us() const { return shown_us_; }

  size_t deal_count() const { return table().deal_count(); }
  bool Exists(DealIndex deal) const { return table().opened_us[deal] < as_of(); }
  // Where every deal stands as of then.
  const StandingColumns& standing() const;
  // Everything about one deal; slower than columns. `scratch` may be used to hold it.
  const DealFacts& FactsOf(DealIndex deal, DealFacts& scratch) const {
    return view_->FindFacts(deal, horizon_, scratch);
  }

  // The stage as it was then; nullptr if it was not known.
  const StageAt* Stage(Symbol stage) const { return stages_->Find(symbols().Text(stage)); }

  // Display names as of then; ids where a name is not known, "" for kNoSymbol. They live as long as
  // the views.
  std::string_view OwnerLabel(Symbol member) const;
  std::string_view ProductLabel(Symbol product) const;
  std::string_view OrganizationLabel(Symbol organization) const;

 private:
  explicit DealsSnapshot(const TenantViews& views) : views_(&views) {}
  // Takes pointers to the views.
  absl::Status FindViews();

  const TenantViews* views_;
  const DealsView* view_ = nullptr;
  const PipelinesView* pipelines_ = nullptr;
  const CatalogView* catalog_ = nullptr;
  const OrganizationsView* organizations_ = nullptr;
  const TenantView* tenant_ = nullptr;
  Horizon horizon_;
  uint64_t position_ = 0;
  int64_t shown_us_ = 0;
  PastTables::Shared past_;                                  // Where known_at is in the past.
  mutable std::unique_ptr<const StandingColumns> standing_;  // Made when first asked for.
  mutable std::optional<StagesAt> stages_;                   // Always set.
};

}  // namespace dealog::projections
