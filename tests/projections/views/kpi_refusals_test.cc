// Method: every question that a KPI or the board refuses, with its reason and what its text tells.

#include <string>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/queries.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::HasSubstr;
using testing::SalesTenant;

v1::QueryKpiRequest Ask(v1::Kpi kpi = v1::KPI_CONVERSION) {
  v1::QueryKpiRequest request;
  request.set_kpi(kpi);
  request.set_pipeline("Sales");
  return request;
}

// Checks code, reason and a part of the message.
void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& reason,
                   const std::string& text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(base::ReasonOf(status), reason) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

class KpiRefusals : public ::testing::Test {
 protected:
  KpiRefusals() {
    sales_.Organization("o1", "Acme", "retail", Day(-5));
    sales_.Open("d1", "New", Day(1));
  }
  absl::Status Query(const v1::QueryKpiRequest& request, const AsKnown& when = {}) const {
    return QueryKpi(sales_.views, request, when, Day(100)).status();
  }
  absl::Status Board(const v1::GetBoardRequest& request) const {
    return GetBoard(sales_.views, request, {}, Day(100)).status();
  }

  SalesTenant sales_;
};

TEST_F(KpiRefusals, UnknownPipelineListsTheKnownOnes) {
  v1::QueryKpiRequest request = Ask();
  request.set_pipeline("Purchases");
  ExpectRefused(Query(request), absl::StatusCode::kNotFound, "PIPELINE_NOT_FOUND", "Sales");
  v1::GetBoardRequest board;
  board.set_pipeline("Purchases");
  ExpectRefused(Board(board), absl::StatusCode::kNotFound, "PIPELINE_NOT_FOUND", "Purchases");
}

TEST_F(KpiRefusals, APipelineThatWasNotKnownYet) {
  ExpectRefused(Query(Ask(), SalesTenant::KnownAt(1)), absl::StatusCode::kNotFound,
                "PIPELINE_NOT_FOUND", "Sales");
}

TEST_F(KpiRefusals, UnknownGroupByListsDimensionsAndAttributes) {
  v1::QueryKpiRequest request = Ask();
  request.set_group_by("colour");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
                "organization.sector");
  request.set_group_by("organization.secteur");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "lost_reason");
  request.set_group_by("organization.");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "group_by");
}

TEST_F(KpiRefusals, UnknownKpiOutcomeModeWeightAndPolicy) {
  ExpectRefused(Query(Ask(v1::KPI_UNSPECIFIED)), absl::StatusCode::kInvalidArgument,
                "FIELD_INVALID", "KPI_WIN_RATE");
  v1::QueryKpiRequest request = Ask();
  request.set_kpi(static_cast<v1::Kpi>(99));
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "found 99");
  request = Ask(v1::KPI_CYCLE);
  request.set_outcome(static_cast<v1::CycleOutcome>(9));
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
                "CYCLE_OUTCOME_CLOSED");
  request = Ask();
  request.set_mode(static_cast<v1::ConversionMode>(9));
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "mode");
  request = Ask(v1::KPI_WIN_RATE);
  request.set_by(static_cast<v1::WinRateBy>(9));
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
                "WIN_RATE_BY_VALUE");
  request = Ask();
  request.set_attribute_at(static_cast<v1::AttributeAt>(9));
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
                "ATTRIBUTE_AT_CURRENT");
}

TEST_F(KpiRefusals, PeriodMustRunForwards) {
  v1::QueryKpiRequest request = Ask();
  *request.mutable_from_time()->mutable_date() = SalesTenant::ParseDate("2017-03-01");
  *request.mutable_to()->mutable_date() = SalesTenant::ParseDate("2017-03-01");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "after from");
}

TEST_F(KpiRefusals, ImpossibleDateNamesItsField) {
  v1::QueryKpiRequest request = Ask();
  *request.mutable_from_time()->mutable_date() = SalesTenant::ParseDate("2017-02-30");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "2017-02-30");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "from_time");
  request.clear_from_time();
  request.mutable_to()->set_position(3);
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "position");
  request.mutable_to()->clear_instant();
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "to");
}

TEST_F(KpiRefusals, MalformedFilterPointsAtItsColumn) {
  v1::QueryKpiRequest request = Ask();
  request.set_filter("owner = ");
  ExpectRefused(Query(request), absl::StatusCode::kInvalidArgument, "FILTER_INVALID", "column");
  v1::GetBoardRequest board;
  board.set_pipeline("Sales");
  board.set_filter("colour = red");
  ExpectRefused(Board(board), absl::StatusCode::kInvalidArgument, "FILTER_INVALID", "colour");
}

TEST_F(KpiRefusals, BoardLimits) {
  v1::GetBoardRequest board;
  board.set_pipeline("Sales");
  board.set_cards_per_column(-1);
  ExpectRefused(Board(board), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "0 to 100");
  board.set_cards_per_column(101);
  ExpectRefused(Board(board), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "found 101");
  board.clear_cards_per_column();
  board.set_column_by(static_cast<v1::BoardColumnBy>(7));
  ExpectRefused(Board(board), absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "found 7");
  v1::ListColumnCardsRequest cards;
  cards.set_pipeline("Sales");
  cards.set_column("Elsewhere");
  ExpectRefused(ListColumnCards(sales_.views, cards, {}, Day(100), {}).status(),
                absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "Offer");
  cards.set_column("New");
  ExpectRefused(ListColumnCards(sales_.views, cards, {}, Day(100), {.after = "x"}).status(),
                absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID", "page token");
}

TEST_F(KpiRefusals, ASumThatDoesNotFit) {
  constexpr int64_t kHuge = 9'000'000'000'000'000'000;
  sales_.Open("d2", "New", Day(1), {.amount_minor = kHuge});
  sales_.Open("d3", "New", Day(1), {.amount_minor = kHuge});
  v1::GetBoardRequest board;
  board.set_pipeline("Sales");
  ExpectRefused(Board(board), absl::StatusCode::kOutOfRange, "OUT_OF_RANGE", "EUR");
  ExpectRefused(Query(Ask(v1::KPI_DECISION_DATE)), absl::StatusCode::kOutOfRange, "OUT_OF_RANGE",
                "64 bits");
  sales_.Win("d2", Day(2));
  sales_.Win("d3", Day(2));
  ExpectRefused(Query(Ask(v1::KPI_WIN_RATE)), absl::StatusCode::kOutOfRange, "OUT_OF_RANGE", "EUR");
  EXPECT_TRUE(Query(Ask(v1::KPI_CONVERSION)).ok());
}

TEST_F(KpiRefusals, UnknownThings) {
  ExpectRefused(GetDeal(sales_.views, "d9", {}, 0).status(), absl::StatusCode::kNotFound,
                "DEAL_NOT_FOUND", "d9");
  ExpectRefused(GetDeal(sales_.views, "d1", SalesTenant::AsOf(Day(1)), 0).status(),
                absl::StatusCode::kNotFound, "DEAL_NOT_FOUND", "did not exist");
  ExpectRefused(GetOrganization(sales_.views, "o9").status(), absl::StatusCode::kNotFound,
                "ORGANIZATION_NOT_FOUND", "o9");
  ListQuery query;
  query.order_by = "colour";
  ExpectRefused(ListDeals(sales_.views, query).status(), absl::StatusCode::kInvalidArgument,
                "FIELD_INVALID", "expected_close_date");
  const testing::FoldedTenant empty;
  ExpectRefused(GetTenant(empty).status(), absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                "TenantCreated");
}

}  // namespace
}  // namespace dealog::projections
