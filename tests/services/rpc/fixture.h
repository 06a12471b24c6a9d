#pragma once

// One server for the whole test program, in a temporary folder; every test makes a tenant of its
// own, so tests neither see nor wait for each other.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dealog/v1/board.grpc.pb.h"
#include "dealog/v1/contacts.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "services/server/server.h"

namespace dealog::rpc {

// What a failed call tells.
struct Failure {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string reason;  // ErrorInfo.reason
  std::string message;
  std::vector<std::string> fields;  // BadRequest
  std::map<std::string, std::string> metadata;
};
Failure FailureOf(const grpc::Status& status);

// The program's server, started at first use.
server::Server& TestServer();
std::shared_ptr<grpc::Channel> TestChannel();

class RpcTest : public testing::Test {
 protected:
  RpcTest();

  // Calls a unary method of a stub as `actor` of the test's tenant.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    Prepare(context);
    return (stub.*method)(&context, request, response);
  }
  // The same, for calls that must succeed.
  template <typename Stub, typename Request, typename Response>
  Response Must(Stub& stub,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) {
    Response response;
    const grpc::Status status = Call(stub, method, request, &response);
    EXPECT_TRUE(status.ok()) << FailureOf(status).reason << ": " << status.error_message();
    return response;
  }
  // The same, for calls that must fail.
  template <typename Stub, typename Request, typename Response>
  Failure Fails(Stub& stub,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) {
    Response response;
    return FailureOf(Call(stub, method, request, &response));
  }

  // Adds the metadata and a deadline.
  void Prepare(grpc::ClientContext& context) const;

  // A tenant with the pipeline "Sales": Lead, Offer (OPEN), Won, Lost.
  void MakeTenant();
  v1::Deal OpenDeal(const std::string& title);
  v1::DealMutationResponse Move(const std::string& deal_id, const std::string& stage);

  std::string tenant_;
  std::string actor_ = "ada";
  std::unique_ptr<v1::TenantService::Stub> tenants_;
  std::unique_ptr<v1::PipelineService::Stub> pipelines_;
  std::unique_ptr<v1::DealService::Stub> deals_;
  std::unique_ptr<v1::BoardService::Stub> boards_;
  std::unique_ptr<v1::ContactService::Stub> contacts_;
};

}  // namespace dealog::rpc
