#include <grpcpp/impl/service_type.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dealog/v1/tenants.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/domain/tenant.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

// The one command that names its tenant in the body: it does not exist yet.
absl::Status TakeTenant(const Core&, const v1::CreateTenantRequest& request,
                        commands::CommandContext& context) {
  RETURN_IF_ERROR(domain::CheckTenantName(request.name()));
  context.tenant.value = request.name();
  context.creates_tenant = true;
  return absl::OkStatus();
}

// Of this tenant or of many: it is no use of the tenant, and loads no more of it than its own row.
absl::StatusOr<v1::Tenant> ReadTenant(const ReadCall& call, const std::string& name) {
  projections::Freshness freshness{.views = projections::AsNames(projections::kTenantReads),
                                   .passing = true};
  ASSIGN_OR_RETURN(
      const projections::TenantRead views,
      call.core.runner.Read({name}, std::move(freshness), ReadDeadline(call.core, call.call)));
  return projections::GetTenant(*views);
}

absl::StatusOr<v1::GetTenantResponse> GetTenant(const ReadCall& call,
                                                const v1::GetTenantRequest& request) {
  RETURN_IF_ERROR(domain::CheckTenantName(request.name()));
  v1::GetTenantResponse response;
  ASSIGN_OR_RETURN(*response.mutable_tenant(), ReadTenant(call, request.name()));
  return response;
}

absl::StatusOr<v1::ListTenantsResponse> ListTenants(const ReadCall& call,
                                                    const v1::ListTenantsRequest& request) {
  ASSIGN_OR_RETURN(const projections::PageRequest page,
                   call.OpenPage(request.page_size(), request.page_token(), request));
  std::vector<eventstore::TenantId> tenants = call.core.log.Tenants();
  std::sort(tenants.begin(), tenants.end());
  v1::ListTenantsResponse response;
  for (auto next =
           std::upper_bound(tenants.begin(), tenants.end(), eventstore::TenantId{page.after});
       next != tenants.end(); ++next) {
    if (static_cast<size_t>(response.tenants_size()) == page.size) {
      const std::string last = response.tenants(response.tenants_size() - 1).name();
      response.set_next_page_token(call.SealPage(request, last));
      break;
    }
    ASSIGN_OR_RETURN(*response.add_tenants(), ReadTenant(call, next->value));
  }
  return response;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeTenantService(const Core& core) {
  ServiceBuilder service(core, *v1::Tenant::descriptor()->file(), "TenantService");
  AddMutation<v1::CreateTenantRequest, v1::CreateTenantResponse>(service, TakeTenant);
  AddRead(service, GetTenant, Weight::kMedium);
  AddRead(service, ListTenants, Weight::kMedium);
  return service.Build();
}

}  // namespace dealog::rpc
