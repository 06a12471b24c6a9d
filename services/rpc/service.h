#pragma once

// Builds a gRPC service out of its .proto description and one statement per method:
//
//   std::unique_ptr<grpc::Service> MakeDealService(const Core& core) {
//     ServiceBuilder service(core, *v1::Deal::descriptor()->file(), "DealService");
//     AddMutation<v1::MoveDealRequest, v1::DealMutationResponse>(service);
//     AddQuery(service, GetDeal, projections::kDealReads);
//     return service.Build();
//   }
//
// A method is found by its request's type: every method has its own. Build checks that each method
// of the service was added, once.

#include <functional>
#include <memory>
#include <string_view>

#include "eventstore/base/check.h"
#include "google/protobuf/descriptor.h"
#include "projections/views/reads.h"
#include "services/rpc/core.h"
#include "services/rpc/mutation.h"
#include "services/rpc/query.h"
#include "services/rpc/stream.h"

namespace grpc {
class Service;
template <class Request>
class ServerReadReactor;
template <class Request, class Response>
class ServerBidiReactor;
}  // namespace grpc

namespace dealog::rpc {

using StartUnary = std::function<void(const Core&, const Method&, const UnaryIo&)>;
using StartServerStream = std::function<grpc::ServerWriteReactor<grpc::ByteBuffer>*(
    const Core&, const Method&, grpc::CallbackServerContext&, const grpc::ByteBuffer& body)>;
using StartClientStream = std::function<grpc::ServerReadReactor<grpc::ByteBuffer>*(
    const Core&, const Method&, grpc::CallbackServerContext&, grpc::ByteBuffer& response)>;

using StartDialogue = std::function<grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*(
    const Core&, const Method&, grpc::CallbackServerContext&)>;

// Thread safety: none. Ownership: `core` must outlive the services built.
class ServiceBuilder {
 public:
  ServiceBuilder(const Core& core, const google::protobuf::FileDescriptor& file,
                 std::string_view service_name);
  ~ServiceBuilder();

  void AddUnary(const google::protobuf::Descriptor& request, StartUnary start);
  void AddServerStream(const google::protobuf::Descriptor& request, StartServerStream start);
  void AddClientStream(const google::protobuf::Descriptor& request, StartClientStream start);
  void AddBidiStream(const google::protobuf::Descriptor& request, StartDialogue start);
  std::unique_ptr<grpc::Service> Build();

 private:
  class Registered;
  std::unique_ptr<Registered> service_;
};

template <typename Request, typename Response>
void AddMutation(ServiceBuilder& service, PrepareFunction<Request> prepare = nullptr) {
  service.AddUnary(*Request::descriptor(), [prepare](const Core& core, const Method& method,
                                                     const UnaryIo& io) {
    MutationCall::Start(std::make_unique<Mutation<Request, Response>>(core, method, io, prepare));
  });
}

// A read of the views: of these and no others, for which it waits.
template <typename Request, typename Response>
void AddQuery(ServiceBuilder& service,
              absl::StatusOr<Response> (*function)(const ReadCall&, const projections::TenantViews&,
                                                   const Request&),
              projections::ViewNames reads, Weight weight = Weight::kMedium) {
  using Call = Query<Request, Response, ViewFunction<Request, Response>>;
  DEALOG_CHECK(!reads.empty()) << Request::descriptor()->name();
  service.AddUnary(
      *Request::descriptor(), [=](const Core& core, const Method& method, const UnaryIo& io) {
        QueryCall::Start(std::make_unique<Call>(core, method, io, function, reads, weight));
      });
}

// Any other read; `reads`: the tenant's views that must be fresh before it runs, if any.
template <typename Request, typename Response>
void AddRead(ServiceBuilder& service,
             absl::StatusOr<Response> (*function)(const ReadCall&, const Request&), Weight weight,
             projections::ViewNames reads = {}) {
  using Call = Query<Request, Response, ReadFunction<Request, Response>>;
  service.AddUnary(
      *Request::descriptor(), [=](const Core& core, const Method& method, const UnaryIo& io) {
        QueryCall::Start(std::make_unique<Call>(core, method, io, function, reads, weight));
      });
}

template <typename Request>
void AddStream(ServiceBuilder& service,
               absl::StatusOr<std::unique_ptr<StreamSource>> (*open)(const Core&, const Call&,
                                                                     const Request&),
               projections::ViewNames reads = {}) {
  service.AddServerStream(*Request::descriptor(), [=](const Core& core, const Method& method,
                                                      grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& body) {
    Request request;
    const OpenSource open_request = [open](const Core& core, const Call& call,
                                           const google::protobuf::Message& message) {
      return open(core, call, static_cast<const Request&>(message));
    };
    return StartStream(core, method, context, body, request, open_request, reads);
  });
}

}  // namespace dealog::rpc
