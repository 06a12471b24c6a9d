#include "projections/views/registry.h"

#include "projections/views/activities_view.h"
#include "projections/views/catalog_view.h"
#include "projections/views/contacts_view.h"
#include "projections/views/deals_view.h"
#include "projections/views/imports_view.h"
#include "projections/views/organizations_view.h"
#include "projections/views/pipelines_view.h"
#include "projections/views/tenant_view.h"
#include "projections/views/workflows_view.h"

namespace dealog::projections {

std::vector<ViewDefinition> AllViews() {
  return {
      TenantViewDefinition(),         //
      PipelinesViewDefinition(),      //
      CatalogViewDefinition(),        //
      OrganizationsViewDefinition(),  //
      DealsViewDefinition(),          //
      ContactsViewDefinition(),       //
      ActivitiesViewDefinition(),     //
      WorkflowsViewDefinition(),      //
      ImportsViewDefinition(),        //
  };
}

}  // namespace dealog::projections
