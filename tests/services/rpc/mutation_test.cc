// Method: over the wire; what every mutation promises, shown on deals: commit, idempotency, etag,
// validate_only, occurred_at, and the refusal of malformed common fields.

#include "services/rpc/mutation.h"

#include "dealog/v1/errors.pb.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Deals = v1::DealService::Stub;

constexpr char kUuid[] = "7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5c";

class MutationTest : public RpcTest {
 protected:
  void SetUp() override { MakeTenant(); }
  v1::OpenDealRequest Open(const std::string& title) {
    v1::OpenDealRequest request;
    request.set_pipeline("Sales");
    request.set_title(title);
    return request;
  }
};

TEST_F(MutationTest, AnswersWithTheResourceAndItsCommit) {
  const auto opened = Must(*deals_, &Deals::OpenDeal, Open("One"));
  EXPECT_EQ(opened.deal().title(), "One");
  EXPECT_EQ(opened.deal().etag(), "1");
  EXPECT_GT(opened.commit().position(), 0);
  EXPECT_NE(opened.commit().token(), "");
  EXPECT_GT(opened.commit().recorded_at().seconds(), 0);
  EXPECT_FALSE(opened.commit().replayed());
}

TEST_F(MutationTest, TheSameRequestIdIsAnsweredAgainNotDoneAgain) {
  auto request = Open("Once");
  request.set_request_id(kUuid);
  const auto first = Must(*deals_, &Deals::OpenDeal, request);
  const auto again = Must(*deals_, &Deals::OpenDeal, request);
  EXPECT_TRUE(again.commit().replayed());
  EXPECT_EQ(again.deal().deal_id(), first.deal().deal_id());
  EXPECT_EQ(again.commit().position(), first.commit().position());
  request.set_request_id("7F9C24E8-3B12-4C1D-9F6A-0D1E2F3A4B5C");  // The same UUID.
  EXPECT_TRUE(Must(*deals_, &Deals::OpenDeal, request).commit().replayed());
  request.set_title("Another");
  const Failure reused = Fails(*deals_, &Deals::OpenDeal, request);
  EXPECT_EQ(reused.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reused.reason, "REQUEST_ID_REUSED");
}

TEST_F(MutationTest, ARequestIdMustBeAUuid) {
  for (const char* id :
       {"1", "7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5", "7f9c24e83b124c1d9f6a0d1e2f3a4b5c",
        "7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5g"}) {
    auto request = Open("x");
    request.set_request_id(id);
    const Failure failure = Fails(*deals_, &Deals::OpenDeal, request);
    EXPECT_EQ(failure.reason, "FIELD_INVALID") << id;
    EXPECT_THAT(failure.fields, testing::ElementsAre("request_id"));
  }
}

TEST_F(MutationTest, AStaleEtagIsAConflict) {
  const v1::Deal deal = OpenDeal("Contested");
  Move(deal.deal_id(), "Offer");
  v1::MoveDealRequest request;
  request.set_deal_id(deal.deal_id());
  request.set_to_stage("Lead");
  request.set_etag(deal.etag());
  const Failure stale = Fails(*deals_, &Deals::MoveDeal, request);
  EXPECT_EQ(stale.code, grpc::StatusCode::ABORTED);
  EXPECT_EQ(stale.reason, "REVISION_CONFLICT");
  request.set_etag("2");
  EXPECT_EQ(Must(*deals_, &Deals::MoveDeal, request).deal().etag(), "3");
  request.set_etag("W/\"2\"");
  EXPECT_THAT(Fails(*deals_, &Deals::MoveDeal, request).fields, testing::ElementsAre("etag"));
}

TEST_F(MutationTest, ValidateOnlyDecidesButWritesNothing) {
  auto request = Open("Maybe");
  request.set_validate_only(true);
  EXPECT_EQ(Must(*deals_, &Deals::OpenDeal, request).deal().title(), "Maybe");
  EXPECT_EQ(Must(*deals_, &Deals::ListDeals, v1::ListDealsRequest()).deals_size(), 0);
  request.set_pipeline("Nowhere");
  EXPECT_EQ(Fails(*deals_, &Deals::OpenDeal, request).reason, "PIPELINE_NOT_FOUND");
}

TEST_F(MutationTest, OccurredAtMustBeATimeThatCanBe) {
  auto request = Open("Old");
  request.mutable_occurred_at()->set_seconds(0);
  EXPECT_THAT(Fails(*deals_, &Deals::OpenDeal, request).fields,
              testing::ElementsAre("occurred_at"));
  request.mutable_occurred_at()->set_seconds(1);
  request.mutable_occurred_at()->set_nanos(-1);
  EXPECT_THAT(Fails(*deals_, &Deals::OpenDeal, request).fields,
              testing::ElementsAre("occurred_at"));
  request.mutable_occurred_at()->set_nanos(0);
  request.mutable_occurred_at()->set_seconds(int64_t{253'402'300'799});  // The year 9999.
  EXPECT_EQ(Fails(*deals_, &Deals::OpenDeal, request).reason, "OCCURRED_IN_FUTURE");
}

TEST_F(MutationTest, AnUnknownTenantIsNotFound) {
  tenant_ = "nobody";
  const Failure failure = Fails(*deals_, &Deals::OpenDeal, Open("x"));
  EXPECT_EQ(failure.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(failure.reason, "TENANT_NOT_FOUND");
}

TEST_F(MutationTest, TheDeadlineOfACallIsHonoured) {
  grpc::ClientContext context;
  Prepare(context);
  context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  v1::DealMutationResponse response;
  EXPECT_EQ(deals_->OpenDeal(&context, Open("late"), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace dealog::rpc
