#pragma once

// The connection to dealogd: a channel, what every call carries, and one way to make a call.
//
//   ASSIGN_OR_RETURN(const v1::GetDealResponse reply,
//                    client.Call(&v1::DealService::Stub::GetDeal, request));

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/globals.h"

namespace dealog::cli {

// A gRPC status as absl::Status, details included, so that reason and fields survive.
absl::Status FromGrpc(const grpc::Status& status);

// Thread safety: none. Ownership: the channel; `globals` outlives it.
class Client {
 public:
  explicit Client(const Globals& globals);

  // Metadata and deadline of one call. `stream`: no deadline unless --timeout was given.
  void Prepare(grpc::ClientContext& context, bool stream = false) const;
  // The same with another actor than --actor.
  void PrepareAs(grpc::ClientContext& context, const std::string& actor) const;

  // A stub of `Service`, for streams and for calls in flight together.
  template <typename Service>
  std::unique_ptr<typename Service::Stub> Stub() const {
    return Service::NewStub(channel_);
  }

  // Makes one unary call.
  template <typename StubType, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (StubType::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                                const Request& request) const {
    StubType stub(channel_);
    grpc::ClientContext context;
    Prepare(context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

 private:
  const Globals& globals_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace dealog::cli
