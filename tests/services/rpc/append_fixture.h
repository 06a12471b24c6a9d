#pragma once

// A tenant in which a billing service and one of sensors have registered their stream types.

#include "dealog/v1/log.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tests/services/rpc/fixture.h"
#include "tests/support/billing_types.h"

namespace dealog::rpc {

class AppendFixture : public RpcTest {
 protected:
  using Log = v1::LogService::Stub;

  void SetUp() override {
    log_ = v1::LogService::NewStub(TestChannel());
    MakeTenant();
    Register("invoice", BillingDefinition());
    Register("sensor", OpaqueDefinition());
  }

  void Register(const std::string& name, const events::v1::StreamTypeDefinition& definition) {
    v1::RegisterStreamTypeRequest request;
    request.set_name(name);
    *request.mutable_definition() = definition;
    Must(*log_, &Log::RegisterStreamType, request);
  }
  int64_t Head() { return Must(*log_, &Log::GetHead, v1::GetHeadRequest()).position(); }

  static void Add(v1::AppendEventsRequest& request, const std::string& stream,
                  const std::string& type, const std::string& payload) {
    v1::NewEvent& event = *request.add_events();
    event.set_stream(stream);
    event.set_type(type);
    event.set_payload(payload);
  }
  static void Expect(v1::AppendEventsRequest& request, const std::string& stream,
                     int64_t revision) {
    v1::StreamCondition& condition = *request.add_conditions();
    condition.set_stream(stream);
    condition.set_expected_revision(revision);
  }
  // One InvoiceSent of invoice/<id>.
  static v1::AppendEventsRequest Sent(const std::string& id, const std::string& number) {
    v1::AppendEventsRequest request;
    Add(request, "invoice/" + id, "InvoiceSent", InvoiceSentBytes(number));
    return request;
  }
  // ErrorInfo.reason of a refused append.
  static std::string ReasonOf(const v1::AppendOutcome& outcome) {
    google::rpc::ErrorInfo info;
    for (const auto& detail : outcome.error().details()) detail.UnpackTo(&info);
    return info.reason();
  }

  std::unique_ptr<v1::LogService::Stub> log_;
};

}  // namespace dealog::rpc
