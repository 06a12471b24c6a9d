#include "projections/views/state_list.h"

#include "projections/views/catalog_view.h"
#include "projections/views/organizations_view.h"

namespace dealog::projections {

absl::Status Names::Need(states::Refers refers, const TenantViews& views) {
  switch (refers) {
    case states::Refers::kMember:
    case states::Refers::kProduct: {
      ASSIGN_OR_RETURN(catalog_, views.Get<CatalogView>(kCatalogView));
      return absl::OkStatus();
    }
    case states::Refers::kOrganization: {
      ASSIGN_OR_RETURN(organizations_, views.Get<OrganizationsView>(kOrganizationsView));
      return absl::OkStatus();
    }
    case states::Refers::kNothing:
    case states::Refers::kPipeline:
    case states::Refers::kStage:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

std::string_view Names::Of(states::Refers refers, std::string_view id) const {
  const auto name = [](const auto* record) {
    return record == nullptr ? std::string_view()
                             : std::string_view(record->state.display_name.value);
  };
  switch (refers) {
    case states::Refers::kMember:
      return name(catalog_->Member(id));
    case states::Refers::kProduct:
      return name(catalog_->Product(id));
    case states::Refers::kOrganization:
      return name(organizations_->Find(id));
    case states::Refers::kNothing:
    case states::Refers::kPipeline:  // No record that is listed from its state refers to these.
    case states::Refers::kStage:
      return {};
  }
  return {};
}

}  // namespace dealog::projections
