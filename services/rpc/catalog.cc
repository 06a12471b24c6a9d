#include "services/domain/catalog.h"

#include <grpcpp/impl/service_type.h>

#include "dealog/v1/catalog.pb.h"
#include "projections/states/describe.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using projections::PageRequest;
using projections::TenantViews;

absl::StatusOr<v1::ListMembersResponse> ListMembers(const ReadCall& call, const TenantViews& views,
                                                    const v1::ListMembersRequest& request) {
  return AnswerPage<v1::ListMembersResponse>(
      call, request, [&](const PageRequest& page) { return projections::ListMembers(views, page); },
      [](auto& response) { return response.mutable_members(); });
}

absl::StatusOr<v1::ListProductsResponse> ListProducts(const ReadCall& call,
                                                      const TenantViews& views,
                                                      const v1::ListProductsRequest& request) {
  return AnswerPage<v1::ListProductsResponse>(
      call, request,
      [&](const PageRequest& page) { return projections::ListProducts(views, page); },
      [](auto& response) { return response.mutable_products(); });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeCatalogService(const Core& core) {
  ServiceBuilder service(core, *v1::Member::descriptor()->file(), "CatalogService");
  AddMutation<v1::UpsertMemberRequest, v1::UpsertMemberResponse>(service);
  AddMutation<v1::UpsertProductRequest, v1::UpsertProductResponse>(service);
  AddQuery(service, ListMembers, projections::kCatalogReads);
  AddQuery(service, ListProducts, projections::kCatalogReads);
  return service.Build();
}

}  // namespace dealog::rpc
