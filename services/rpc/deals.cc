#include "dealog/v1/deals.pb.h"

#include <grpcpp/impl/service_type.h>

#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/domain/deal.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using projections::TenantViews;

absl::StatusOr<v1::GetDealResponse> GetDeal(const ReadCall& call, const TenantViews& views,
                                            const v1::GetDealRequest& request) {
  ASSIGN_OR_RETURN(const projections::AsKnown when, ResolveAsKnown(call, views, request));
  v1::GetDealResponse response;
  ASSIGN_OR_RETURN(*response.mutable_deal(),
                   projections::GetDeal(views, request.deal_id(), when, call.now_us));
  response.set_position(static_cast<int64_t>(views.position().value));
  return response;
}

absl::StatusOr<v1::ListDealsResponse> ListDeals(const ReadCall& call, const TenantViews& views,
                                                const v1::ListDealsRequest& request) {
  return AnswerPage<v1::ListDealsResponse>(
      call, request,
      [&](const projections::PageRequest& page) {
        return projections::ListDeals(views, {request.filter(), request.order_by(), page});
      },
      [](auto& response) { return response.mutable_deals(); });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeDealService(const Core& core) {
  ServiceBuilder service(core, *v1::Deal::descriptor()->file(), "DealService");
  AddMutation<v1::OpenDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::UpdateDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::MoveDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::WinDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::LoseDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::ReopenDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::UndoDealMoveRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::TagDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::UntagDealRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::LinkDealContactRequest, v1::DealMutationResponse>(service);
  AddMutation<v1::UnlinkDealContactRequest, v1::DealMutationResponse>(service);
  AddQuery(service, GetDeal, projections::kDealReads, Weight::kLight);
  AddQuery(service, ListDeals, projections::kDealReads);
  return service.Build();
}

}  // namespace dealog::rpc
