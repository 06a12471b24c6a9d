// Method: given events / then answers, for open deals by the month of their expected decision.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/queries.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using testing::SalesTenant;

v1::KpiResult Total(const v1::QueryKpiResponse& reply) { return reply.results(0); }

TEST(KpiDecisionDate, BucketsNextToWhatWasWon) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 1000, .expected = "2017-03-05"});
  sales.Open("d2", "Offer", Day(1), {.amount_minor = 500, .expected = "2017-03-20"});
  sales.Open("d3", "New", Day(1), {.expected = "2017-01-20"});
  sales.Open("d4", "New", Day(1));
  sales.Open("d5", "New", Day(1), {.expected = "2017-03-01"});
  sales.Win("d5", Day(60));  // 2017-03-01: won, so not among the open ones.
  const auto when = SalesTenant::AsOf(Day(61));
  const auto reply = sales.Kpi(v1::KPI_DECISION_DATE, {}, when);
  EXPECT_THAT(SalesTenant::Groups(reply), ElementsAre("", "OVERDUE", "2017-03", "NO_DATE"));
  EXPECT_EQ(Total(reply).value(), 4);
  const auto march = SalesTenant::Result(reply, "2017-03");
  EXPECT_EQ(march.value(), 2);
  EXPECT_EQ(march.totals(0).amount_minor(), 1500);
  EXPECT_EQ(march.totals(0).weighted_minor(), 100 + 250);
  EXPECT_EQ(march.won_in_month(), 1);
  EXPECT_EQ(SalesTenant::Result(reply, "OVERDUE").value(), 1);
  EXPECT_FALSE(SalesTenant::Result(reply, "NO_DATE").has_won_in_month());
}

TEST(KpiDecisionDate, AMonthWithWinsAloneIsThere) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 1000, .expected = "2017-05-05"});
  sales.Open("d2", "New", Day(1));
  sales.Open("d3", "New", Day(1));
  sales.Win("d2", Day(40));  // 2017-02
  sales.Win("d3", Day(61));  // 2017-03
  const auto when = SalesTenant::AsOf(Day(62));
  const auto reply = sales.Kpi(v1::KPI_DECISION_DATE, {}, when);
  EXPECT_THAT(SalesTenant::Groups(reply),
              ElementsAre("", "OVERDUE", "2017-02", "2017-03", "2017-05", "NO_DATE"));
  for (const char* month : {"2017-02", "2017-03"}) {
    const auto result = SalesTenant::Result(reply, month);
    EXPECT_EQ(result.won_in_month(), 1) << month;
    EXPECT_EQ(result.value(), 0) << month;
    EXPECT_EQ(result.totals_size(), 0) << month;
  }
  EXPECT_EQ(SalesTenant::Result(reply, "2017-05").won_in_month(), 0);

  // A period holds only what was won in it.
  v1::QueryKpiRequest march;
  *march.mutable_from_time()->mutable_date() = SalesTenant::ParseDate("2017-03-01");
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_DECISION_DATE, march, when)),
              ElementsAre("", "OVERDUE", "2017-03", "2017-05", "NO_DATE"));
}

TEST(KpiDecisionDate, AnExpectedDateOfTodayIsNotOverdue) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.expected = "2017-01-20"});
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_DECISION_DATE, {}, SalesTenant::AsOf(Day(20.9))),
                                "2017-01")
                .value(),
            1);
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_DECISION_DATE, {}, SalesTenant::AsOf(Day(21))),
                                "OVERDUE")
                .value(),
            1);
}

TEST(KpiDecisionDate, GroupsWithinBuckets) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "", Day(-10));
  sales.Open("d1", "New", Day(1), {.owner = "m1", .expected = "2020-03-05"});
  sales.Open("d2", "New", Day(1), {.expected = "2020-03-07"});
  v1::QueryKpiRequest request;
  request.set_group_by("owner");
  const auto reply = sales.Kpi(v1::KPI_DECISION_DATE, request);
  EXPECT_EQ(SalesTenant::Result(reply, "2020-03").value(), 2);
  EXPECT_EQ(SalesTenant::Result(reply, "2020-03", "Ada").value(), 1);
  EXPECT_EQ(SalesTenant::Result(reply, "2020-03", "(none)").value(), 1);
  *request.mutable_from_time()->mutable_date() = SalesTenant::ParseDate("2020-03-06");
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_DECISION_DATE, request)).value(), 1);
}

}  // namespace
}  // namespace dealog::projections
