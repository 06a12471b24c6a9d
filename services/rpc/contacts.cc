#include "services/domain/contact.h"

#include <grpcpp/impl/service_type.h>

#include "dealog/v1/contacts.pb.h"
#include "eventstore/base/status.h"
#include "projections/states/describe.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"

namespace dealog::rpc {
namespace {

using projections::TenantViews;

absl::StatusOr<v1::GetContactResponse> GetContact(const ReadCall&, const TenantViews& views,
                                                  const v1::GetContactRequest& request) {
  v1::GetContactResponse response;
  ASSIGN_OR_RETURN(*response.mutable_contact(),
                   projections::GetContact(views, request.contact_id()));
  response.set_position(static_cast<int64_t>(views.position().value));
  return response;
}

absl::StatusOr<v1::ListContactsResponse> ListContacts(const ReadCall& call,
                                                      const TenantViews& views,
                                                      const v1::ListContactsRequest& request) {
  return AnswerPage<v1::ListContactsResponse>(
      call, request,
      [&](const projections::PageRequest& page) {
        return projections::ListContacts(views, {request.filter(), request.order_by(), page});
      },
      [](auto& response) { return response.mutable_contacts(); });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeContactService(const Core& core) {
  ServiceBuilder service(core, *v1::Contact::descriptor()->file(), "ContactService");
  AddMutation<v1::CreateContactRequest, v1::ContactMutationResponse>(service);
  AddMutation<v1::UpsertContactRequest, v1::ContactMutationResponse>(service);
  AddMutation<v1::UpdateContactRequest, v1::ContactMutationResponse>(service);
  AddMutation<v1::TagContactRequest, v1::ContactMutationResponse>(service);
  AddMutation<v1::UntagContactRequest, v1::ContactMutationResponse>(service);
  AddQuery(service, GetContact, projections::kContactReads, Weight::kLight);
  AddQuery(service, ListContacts, projections::kContactReads);
  return service.Build();
}

}  // namespace dealog::rpc
