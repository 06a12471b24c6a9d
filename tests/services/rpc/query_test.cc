// Method: over the wire; what every read promises: your own writes, tokens, instants in the past,
// pages.

#include "services/rpc/query.h"

#include <set>

#include "services/commands/sequencer.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Deals = v1::DealService::Stub;

class QueryTest : public RpcTest {
 protected:
  void SetUp() override { MakeTenant(); }
  v1::GetDealRequest Get(const std::string& deal_id) {
    v1::GetDealRequest request;
    request.set_deal_id(deal_id);
    return request;
  }
};

TEST_F(QueryTest, ReadsItsOwnWrites) {
  const v1::Deal deal = OpenDeal("Fresh");
  for (const char* stage : {"Offer", "Lead", "Offer", "Lead", "Offer"}) {
    const auto moved = Move(deal.deal_id(), stage);
    const auto read = Must(*deals_, &Deals::GetDeal, Get(deal.deal_id()));
    EXPECT_EQ(read.deal().stage(), stage);
    EXPECT_GE(read.position(), moved.commit().position());
  }
}

TEST_F(QueryTest, TakesTheTokenOfACommit) {
  const v1::Deal deal = OpenDeal("Token");
  auto request = Get(deal.deal_id());
  request.mutable_consistency()->set_at_least(Move(deal.deal_id(), "Offer").commit().token());
  EXPECT_EQ(Must(*deals_, &Deals::GetDeal, request).deal().stage(), "Offer");
  request.mutable_consistency()->set_minimize_latency(true);
  EXPECT_EQ(Must(*deals_, &Deals::GetDeal, request).deal().deal_id(), deal.deal_id());
  request.mutable_consistency()->set_at_least("nonsense");
  EXPECT_THAT(Fails(*deals_, &Deals::GetDeal, request).fields,
              testing::ElementsAre("consistency.at_least"));
  request.mutable_consistency()->set_at_least(commands::EncodeToken({0}, 1, {1'000'000}));
  EXPECT_THAT(Fails(*deals_, &Deals::GetDeal, request).fields,
              testing::ElementsAre("consistency.at_least"));
}

TEST_F(QueryTest, KnownAtShowsWhatWasRecordedThen) {
  const v1::Deal deal = OpenDeal("Past");
  const auto moved = Move(deal.deal_id(), "Offer");
  Move(deal.deal_id(), "Lead");
  auto request = Get(deal.deal_id());
  request.mutable_known_at()->set_position(moved.commit().position());
  EXPECT_EQ(Must(*deals_, &Deals::GetDeal, request).deal().stage(), "Offer");
  *request.mutable_known_at()->mutable_time() = moved.commit().recorded_at();
  EXPECT_EQ(Must(*deals_, &Deals::GetDeal, request).deal().stage(), "Offer");
}

TEST_F(QueryTest, RefusesInstantsThatMakeNoSense) {
  auto request = Get(OpenDeal("Odd").deal_id());
  request.mutable_as_of()->set_position(1);
  EXPECT_THAT(Fails(*deals_, &Deals::GetDeal, request).fields, testing::ElementsAre("as_of"));
  request.clear_as_of();
  request.mutable_known_at()->set_position(1'000'000);
  EXPECT_THAT(Fails(*deals_, &Deals::GetDeal, request).fields, testing::ElementsAre("known_at"));
  request.mutable_known_at()->set_position(-1);
  EXPECT_THAT(Fails(*deals_, &Deals::GetDeal, request).fields, testing::ElementsAre("known_at"));
  request.mutable_known_at()->mutable_time()->set_seconds(int64_t{4'000'000'000});
  EXPECT_THAT(Fails(*deals_, &Deals::GetDeal, request).fields, testing::ElementsAre("known_at"));
  auto& date = *request.mutable_known_at()->mutable_date();
  date.set_year(2017);
  date.set_month(2);
  date.set_day(30);
  EXPECT_EQ(Fails(*deals_, &Deals::GetDeal, request).reason, "FIELD_INVALID");
}

TEST_F(QueryTest, PagesHoldEveryRowOnce) {
  std::set<std::string> opened;
  for (int i = 0; i < 7; ++i) opened.insert(OpenDeal("Deal " + std::to_string(i)).deal_id());
  v1::ListDealsRequest request;
  request.set_page_size(3);
  std::set<std::string> listed;
  int pages = 0;
  do {
    const auto page = Must(*deals_, &Deals::ListDeals, request);
    for (const v1::Deal& deal : page.deals()) {
      EXPECT_TRUE(listed.insert(deal.deal_id()).second) << "twice";
    }
    request.set_page_token(page.next_page_token());
    request.set_page_size(2);  // May change from page to page.
    ASSERT_LE(++pages, 7);
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, opened);
}

TEST_F(QueryTest, APageTokenBelongsToItsTenantCallerAndQuery) {
  for (int i = 0; i < 3; ++i) OpenDeal("Deal " + std::to_string(i));
  v1::ListDealsRequest request;
  request.set_page_size(1);
  request.set_page_token(Must(*deals_, &Deals::ListDeals, request).next_page_token());
  ASSERT_NE(request.page_token(), "");
  v1::ListDealsRequest other = request;
  other.set_filter("title:\"Deal\"");
  EXPECT_EQ(Fails(*deals_, &Deals::ListDeals, other).reason, "PAGE_TOKEN_INVALID");
  actor_ = "bob";
  EXPECT_EQ(Fails(*deals_, &Deals::ListDeals, request).reason, "PAGE_TOKEN_INVALID");
  actor_ = "ada";
  tenant_ += "-other";
  MakeTenant();
  const Failure failure = Fails(*deals_, &Deals::ListDeals, request);
  EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(failure.reason, "PAGE_TOKEN_INVALID");
}

TEST_F(QueryTest, RefusesNegativePageSizesAndMalformedFilters) {
  v1::ListDealsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(Fails(*deals_, &Deals::ListDeals, request).fields, testing::ElementsAre("page_size"));
  request.set_page_size(0);
  request.set_filter("owner = ");
  const Failure failure = Fails(*deals_, &Deals::ListDeals, request);
  EXPECT_EQ(failure.reason, "FILTER_INVALID");
  EXPECT_NE(failure.metadata.at("column"), "");
}

TEST_F(QueryTest, UnknownThingsAreNotFound) {
  EXPECT_EQ(Fails(*deals_, &Deals::GetDeal, Get("deal_01h455vb4pex5vsknk084sn02q")).reason,
            "DEAL_NOT_FOUND");
  tenant_ = "nobody";
  const Failure failure = Fails(*deals_, &Deals::GetDeal, Get("deal_1"));
  EXPECT_EQ(failure.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(failure.reason, "TENANT_NOT_FOUND");
}

}  // namespace
}  // namespace dealog::rpc
