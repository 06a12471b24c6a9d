// Method: the steps' order, and each step's refusal with everything else right, so that nothing but
// that step can be the cause.

#include "services/rpc/pipeline.h"

#include <gmock/gmock.h>

#include "dealog/v1/deals.pb.h"
#include "eventstore/base/error.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    v1::GetDealRequest request;
    request.set_deal_id("deal_1");
    body_ = request.SerializeAsString();
    call_.method = &method_;
  }
  Incoming Good() const {
    return {.actor = "ada",
            .tenant = "acme",
            .body = body_,
            .now = absl::FromUnixSeconds(1000),
            .deadline = absl::FromUnixSeconds(1001)};
  }
  std::string ReasonFor(const Incoming& incoming) {
    return base::ReasonOf(Admit(incoming, request_, call_));
  }

  Method method_{.path = "/dealog.v1.DealService/GetDeal", .permission = "deals.read"};
  std::string body_;
  v1::GetDealRequest request_;
  Call call_;
};

TEST_F(PipelineTest, StepsRunInThisOrder) {
  std::vector<std::string_view> names;
  for (const Step& step : Steps()) names.push_back(step.name);
  EXPECT_THAT(names, testing::ElementsAre("measure", "draining", "authenticate", "authorize",
                                          "tenant", "limits", "deadline", "trace", "validate"));
}

TEST_F(PipelineTest, AnAdmittedCallIsKnown) {
  ASSERT_TRUE(Admit(Good(), request_, call_).ok());
  EXPECT_EQ(call_.principal, "user:ada");
  EXPECT_EQ(call_.tenant.value, "acme");
  EXPECT_EQ(call_.deadline, absl::FromUnixSeconds(1001));
  EXPECT_GT(call_.started_us, 0);
  EXPECT_EQ(request_.deal_id(), "deal_1");
}

TEST_F(PipelineTest, RefusesWhileDraining) {
  Incoming incoming = Good();
  incoming.draining = true;
  const absl::Status refused = Admit(incoming, request_, call_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::ReasonOf(refused), "NOT_READY");
}

TEST_F(PipelineTest, RefusesAnActorThatPosesAsAWorkflow) {
  Incoming incoming = Good();
  incoming.actor = "workflow/w";
  EXPECT_EQ(ReasonFor(incoming), "FIELD_INVALID");
}

TEST_F(PipelineTest, RefusesAMethodWithoutPermission) {
  method_.permission = "";
  EXPECT_EQ(ReasonFor(Good()), "PERMISSION_DENIED");
}

TEST_F(PipelineTest, WantsATenantWhereTheMethodDoes) {
  Incoming incoming = Good();
  incoming.tenant = "";
  EXPECT_EQ(ReasonFor(incoming), "TENANT_REQUIRED");
  method_.needs_tenant = false;
  EXPECT_EQ(ReasonFor(incoming), "");
}

TEST_F(PipelineTest, NamesTheLimitOfARequestsSize) {
  Incoming incoming = Good();
  v1::GetDealRequest large;
  large.set_deal_id(std::string(kRequestBytesMax, 'a'));
  const std::string body = large.SerializeAsString();
  incoming.body = body;
  const absl::Status refused = Admit(incoming, request_, call_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refused), "LIMIT_EXCEEDED");
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("4194304"));
}

TEST_F(PipelineTest, RefusesAfterTheDeadline) {
  Incoming incoming = Good();
  incoming.deadline = incoming.now;
  EXPECT_EQ(Admit(incoming, request_, call_).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(PipelineTest, TakesATraceOnlyIfItIsWellFormed) {
  Incoming incoming = Good();
  incoming.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  ASSERT_TRUE(Admit(incoming, request_, call_).ok());
  EXPECT_EQ(call_.traceparent, incoming.traceparent);
  call_.traceparent.clear();
  incoming.traceparent = "00-not a trace";
  ASSERT_TRUE(Admit(incoming, request_, call_).ok());
  EXPECT_EQ(call_.traceparent, "");
}

TEST_F(PipelineTest, ValidatesLast) {
  Incoming incoming = Good();
  incoming.body = "\xff\xff";
  EXPECT_EQ(ReasonFor(incoming), "FIELD_INVALID");
  incoming.draining = true;  // An earlier step's refusal comes first.
  EXPECT_EQ(ReasonFor(incoming), "NOT_READY");
}

}  // namespace
}  // namespace dealog::rpc
