// Method: raw calls over the wire, as a client that is broken, old or hostile would send them, to
// every method that there is.

#include "services/rpc/service.h"

#include <grpcpp/generic/generic_stub.h>

#include "services/rpc/limits.h"
#include "services/rpc/method.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

class ServiceTest : public RpcTest {
 protected:
  // Sends bytes to a unary method.
  grpc::Status Send(const std::string& path, const std::string& body, bool with_tenant = true) {
    grpc::GenericStub stub(TestChannel());
    grpc::ClientContext context;
    if (with_tenant) context.AddMetadata("dealog-tenant", tenant_);
    grpc::CompletionQueue queue;
    const grpc::Slice slice(body);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    const auto call = stub.PrepareUnaryCall(&context, path, request, &queue);
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return status;
  }
};

// Bytes that parse as no message reach every method and tell it apart from one that does not exist.
TEST_F(ServiceTest, EveryUnaryMethodIsServedAndRefusesGarbage) {
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      if (method.client_streaming() || method.server_streaming()) continue;
      const std::string path = DescribeMethod(method).path;
      const Failure failure = FailureOf(Send(path, "\xff\xff\xff"));
      EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT) << path;
      EXPECT_EQ(failure.reason, "FIELD_INVALID") << path;
    }
  }
  EXPECT_EQ(Send("/dealog.v1.DealService/NoSuchMethod", "").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServiceTest, EveryUnaryMethodRefusesUnknownFields) {
  const std::string unknown("\xb8\x3e\x01", 3);  // Field 999, varint 1.
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      if (method.client_streaming() || method.server_streaming()) continue;
      const std::string path = DescribeMethod(method).path;
      const Failure failure = FailureOf(Send(path, unknown));
      EXPECT_EQ(failure.reason, "FIELD_INVALID") << path;
      EXPECT_THAT(failure.message, testing::HasSubstr("999")) << path;
    }
  }
}

TEST_F(ServiceTest, EveryTenantMethodWantsATenant) {
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& descriptor = *service->method(i);
      if (descriptor.client_streaming() || descriptor.server_streaming()) continue;
      const Method method = DescribeMethod(descriptor);
      if (!method.needs_tenant) continue;
      EXPECT_EQ(FailureOf(Send(method.path, "", false)).reason, "TENANT_REQUIRED") << method.path;
    }
  }
}

TEST_F(ServiceTest, InvalidUtf8NamesItsField) {
  const Failure failure =
      FailureOf(Send("/dealog.v1.DealService/OpenDeal", std::string("\x22\x01\xff", 3)));
  EXPECT_THAT(failure.fields, testing::ElementsAre("title"));
}

TEST_F(ServiceTest, BadEnumsNameTheirField) {
  v1::GetBoardRequest request;
  request.set_column_by(static_cast<v1::BoardColumnBy>(42));
  const Failure failure = Fails(*boards_, &v1::BoardService::Stub::GetBoard, request);
  EXPECT_EQ(failure.reason, "FIELD_INVALID");
  EXPECT_THAT(failure.fields, testing::ElementsAre("column_by"));
}

TEST_F(ServiceTest, TooLargeARequestNamesTheLimit) {
  v1::OpenDealRequest request;
  request.set_title(std::string(kRequestBytesMax + 1, 'a'));
  const Failure failure =
      FailureOf(Send("/dealog.v1.DealService/OpenDeal", request.SerializeAsString()));
  EXPECT_EQ(failure.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(failure.reason, "LIMIT_EXCEEDED");
  // Beyond what gRPC reads at all there are no details, but still the code.
  request.set_title(std::string(kReceiveBytesMax + 1, 'a'));
  EXPECT_EQ(Send("/dealog.v1.DealService/OpenDeal", request.SerializeAsString()).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServiceTest, AnActorMayNotPoseAsTheServer) {
  MakeTenant();
  actor_ = "workflow/w/revisions/1";
  EXPECT_THAT(Fails(*deals_, &v1::DealService::Stub::ListDeals, v1::ListDealsRequest()).fields,
              testing::ElementsAre("dealog-actor"));
}

}  // namespace
}  // namespace dealog::rpc
