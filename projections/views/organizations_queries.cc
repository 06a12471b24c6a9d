// Questions about organizations: GetOrganization, ListOrganizations.

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "projections/states/organization_fields.h"
#include "projections/views/organizations_view.h"
#include "projections/views/queries.h"
#include "projections/views/state_list.h"
#include "projections/views/texts.h"

namespace dealog::projections {

absl::StatusOr<v1::Organization> GetOrganization(const TenantViews& views,
                                                 std::string_view organization_id) {
  ASSIGN_OR_RETURN(const OrganizationsView* view, views.Get<OrganizationsView>(kOrganizationsView));
  const OrganizationRecord* record = view->Find(organization_id);
  if (record == nullptr) {
    return base::Error(absl::StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND",
                       absl::StrCat("expected an organization's id, found ",
                                    Quoted(organization_id), ", which no organization has"));
  }
  return states::ToOrganization(record->state);
}

absl::StatusOr<Page<v1::Organization>> ListOrganizations(const TenantViews& views,
                                                         const ListQuery& query) {
  ASSIGN_OR_RETURN(const OrganizationsView* view,
                   ViewToList<OrganizationsView>(views, kOrganizationsView,
                                                 &OrganizationsView::records));
  ASSIGN_OR_RETURN(auto list, MakeStateList(views, query, states::OrganizationFields()));
  list.OfferAll(view->records());
  return list.Finish([](const states::OrganizationState* organization) {
    return states::ToOrganization(*organization);
  });
}

}  // namespace dealog::projections
