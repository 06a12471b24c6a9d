#include "projections/views/deals_snapshot.h"

#include <algorithm>

#include "eventstore/base/status.h"

namespace dealog::projections {
namespace {

// The records' names, or the id where there is none.
template <typename Record>
std::string_view LabelOf(const Record* record, std::string_view id, const Horizon& horizon) {
  if (record == nullptr) return id;
  const std::string* name = record->name.Latest(horizon);
  return name == nullptr ? id : std::string_view(*name);
}

}  // namespace

absl::StatusOr<DealsSnapshot> DealsSnapshot::MakeForOne(const TenantViews& views,
                                                        const AsKnown& when, int64_t now_us) {
  DealsSnapshot snapshot(views);
  snapshot.horizon_ = Horizon::Of(when);
  RETURN_IF_ERROR(snapshot.FindViews());
  snapshot.position_ = std::min(views.position().value, snapshot.horizon_.known_position);
  snapshot.shown_us_ = when.as_of_us.value_or(now_us);
  return snapshot;
}

absl::StatusOr<DealsSnapshot> DealsSnapshot::Make(const TenantViews& views, const AsKnown& when,
                                                  int64_t now_us) {
  ASSIGN_OR_RETURN(DealsSnapshot snapshot, MakeForOne(views, when, now_us));
  const bool past = snapshot.position_ < views.position().value;
  if (past || snapshot.as_of() != kNever) RETURN_IF_ERROR(snapshot.Detach());
  if (past) {
    snapshot.past_ = snapshot.view_->PastTableAt(snapshot.horizon_.known_position);
  }
  return snapshot;
}

absl::Status DealsSnapshot::FindViews() {
  ASSIGN_OR_RETURN(view_, views_->Get<DealsView>(kDealsView));
  ASSIGN_OR_RETURN(pipelines_, views_->Get<PipelinesView>(kPipelinesView));
  ASSIGN_OR_RETURN(catalog_, views_->Get<CatalogView>(kCatalogView));
  ASSIGN_OR_RETURN(organizations_, views_->Get<OrganizationsView>(kOrganizationsView));
  ASSIGN_OR_RETURN(tenant_, FindTenant(*views_));
  stages_.emplace(*pipelines_, horizon_);
  return absl::OkStatus();
}

absl::Status DealsSnapshot::Detach() {
  views_->Detach();
  return FindViews();
}

const StandingColumns& DealsSnapshot::standing() const {
  if (as_of() == kNever) return table().standing;
  if (!standing_) {
    standing_ = std::make_unique<const StandingColumns>(StandingAt(table(), as_of()));
  }
  return *standing_;
}

std::string_view DealsSnapshot::OwnerLabel(Symbol member) const {
  const std::string_view id = symbols().Text(member);
  return LabelOf(catalog_->Member(id), id, horizon_);
}

std::string_view DealsSnapshot::ProductLabel(Symbol product) const {
  const std::string_view id = symbols().Text(product);
  return LabelOf(catalog_->Product(id), id, horizon_);
}

std::string_view DealsSnapshot::OrganizationLabel(Symbol organization) const {
  const std::string_view id = symbols().Text(organization);
  return LabelOf(organizations_->Find(id), id, horizon_);
}

}  // namespace dealog::projections
