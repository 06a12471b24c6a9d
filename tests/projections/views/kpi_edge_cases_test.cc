// Method: given events / then answers, one spec per edge case of docs/kpi.md: reopenings in each
// mode, moves among won stages, skipped, backward and repeated stages, retired stages, edited
// pipelines, corrected moves, back-dated values.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/queries.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using events::v1::REOPEN_MODE_NEW_CYCLE;
using events::v1::REOPEN_MODE_RESUME;
using testing::Day;
using ::testing::ElementsAre;
using testing::kDaySeconds;
using testing::SalesTenant;

v1::KpiResult Total(const v1::QueryKpiResponse& reply) { return reply.results(0); }

v1::QueryKpiRequest CycleOf(v1::CycleOutcome outcome) {
  v1::QueryKpiRequest request;
  request.set_outcome(outcome);
  return request;
}

v1::QueryKpiRequest GroupBy(const std::string& dimension) {
  v1::QueryKpiRequest request;
  request.set_group_by(dimension);
  return request;
}

TEST(KpiReopened, ResumedCycleCountsOnceByItsLastClosing) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Lose("d1", Day(3), "budget");
  sales.Reopen("d1", "Call", REOPEN_MODE_RESUME, Day(5));
  // Open again: not closed as of now, but the closing stays in every as_of before the reopening.
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).denominator(), 0);
  EXPECT_FALSE(Total(sales.Kpi(v1::KPI_WIN_RATE)).has_value());
  const auto then = Total(sales.Kpi(v1::KPI_WIN_RATE, {}, SalesTenant::AsOf(Day(5))));
  EXPECT_EQ(then.denominator(), 1);
  EXPECT_EQ(then.numerator(), 0);

  sales.Win("d1", Day(8));
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).numerator(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).denominator(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).denominator(), 1);
  const auto length = Total(sales.Kpi(v1::KPI_CYCLE));
  EXPECT_EQ(length.sample_size(), 1);
  EXPECT_EQ(length.mean_seconds(), 7 * kDaySeconds);  // From the opening, the gap included.
}

TEST(KpiReopened, NewCycleCountsBothCycles) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Win("d1", Day(3));
  sales.Reopen("d1", "New", REOPEN_MODE_NEW_CYCLE, Day(10));
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).numerator(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).denominator(), 2);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).open(), 1);
  sales.Lose("d1", Day(11));
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).numerator(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).denominator(), 2);
  const auto closed = Total(sales.Kpi(v1::KPI_CYCLE, CycleOf(v1::CYCLE_OUTCOME_CLOSED)));
  EXPECT_EQ(closed.sample_size(), 2);
  EXPECT_EQ(closed.max_seconds(), 2 * kDaySeconds);
  EXPECT_EQ(closed.p50_seconds(), 1 * kDaySeconds);
  EXPECT_EQ(sales.Deal("d1").cycle(), 2);
}

TEST(KpiReopened, CorrectionLeavesEveryAsOfButNotWhatWasKnownBefore) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Win("d1", Day(3));
  const uint64_t before = sales.Head();
  sales.VoidClose("d1", Day(20));
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).denominator(), 0);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE, {}, SalesTenant::AsOf(Day(4)))).denominator(), 0);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE, {}, SalesTenant::KnownAt(before))).denominator(), 1);
  // The visit before goes on with its original entry.
  sales.Move("d1", "Call", Day(21));
  const auto time = SalesTenant::Result(sales.Kpi(v1::KPI_STAGES), "New");
  EXPECT_EQ(time.mean_seconds(), 20 * kDaySeconds);
  EXPECT_EQ(time.denominator(), 1);
}

TEST(KpiReopened, CorrectionIntoTheReplacementOfARetiredStageIsAnAdminMove) {
  SalesTenant sales;
  sales.Open("d1", "Call", Day(1));
  sales.Win("d1", Day(3));
  sales.VoidClose("d1", Day(20), "New");
  const auto exits = sales.Kpi(v1::KPI_EXITS);
  EXPECT_EQ(SalesTenant::Result(exits, "Call").admin(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "Call").won(), 0);
  EXPECT_EQ(SalesTenant::Result(exits, "New").still_open(), 1);
  EXPECT_EQ(sales.Deal("d1").stage(), "New");
  EXPECT_EQ(sales.Deal("d1").status(), v1::Deal::OPEN);
}

TEST(KpiWon, MoveToAnotherWonStageLeavesTheClosingAsItIs) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Win("d1", Day(3));
  sales.Move("d1", "Signed", Day(9));
  const auto rate = Total(sales.Kpi(v1::KPI_WIN_RATE));
  EXPECT_EQ(rate.numerator(), 1);
  EXPECT_EQ(rate.denominator(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CYCLE)).mean_seconds(), 2 * kDaySeconds);
  EXPECT_EQ(sales.Column("Signed").count(), 1);
  EXPECT_EQ(sales.Column("Won").count(), 0);
  EXPECT_EQ(sales.Column("Won", {}, SalesTenant::AsOf(Day(9))).count(), 1);
  EXPECT_EQ(sales.Deal("d1").close_time().seconds(), Day(3) / 1'000'000);
  EXPECT_EQ(sales.Deal("d1").stage_enter_time().seconds(), Day(9) / 1'000'000);
  // Voiding the closing takes the move with it.
  sales.VoidClose("d1", Day(10));
  EXPECT_EQ(sales.Deal("d1").stage(), "New");
  EXPECT_EQ(sales.Deal("d1").stage_enter_time().seconds(), Day(1) / 1'000'000);
}

TEST(KpiVisits, SkippedStageHasNoVisit) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Move("d1", "Offer", Day(3));
  const auto exits = sales.Kpi(v1::KPI_EXITS);
  EXPECT_EQ(SalesTenant::Result(exits, "New").advanced(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "Call").denominator(), 0);
  EXPECT_FALSE(SalesTenant::Result(exits, "Call").has_value());
  EXPECT_TRUE(SalesTenant::Result(exits, "Call").has_advanced());
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_STAGES), "Call").sample_size(), 0);
}

TEST(KpiVisits, BackwardMoveAndReEntryAreVisitsOfTheirOwn) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Move("d1", "Call", Day(2));
  sales.Move("d1", "New", Day(4));
  sales.Move("d1", "Call", Day(9));
  const auto exits = sales.Kpi(v1::KPI_EXITS);
  EXPECT_EQ(SalesTenant::Result(exits, "New").denominator(), 2);
  EXPECT_EQ(SalesTenant::Result(exits, "New").advanced(), 2);
  EXPECT_EQ(SalesTenant::Result(exits, "Call").moved_back(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "Call").still_open(), 1);
  const auto times = sales.Kpi(v1::KPI_STAGES);
  EXPECT_EQ(SalesTenant::Result(times, "New").sample_size(), 2);
  EXPECT_EQ(SalesTenant::Result(times, "New").p50_seconds(), 1 * kDaySeconds);
  EXPECT_EQ(SalesTenant::Result(times, "New").max_seconds(), 5 * kDaySeconds);
  // The open visit is left out of times, not out of entries.
  EXPECT_EQ(SalesTenant::Result(times, "Call").sample_size(), 1);
  EXPECT_EQ(SalesTenant::Result(times, "Call").denominator(), 2);
}

TEST(KpiVisits, CreatedInALaterStageCountsThere) {
  SalesTenant sales;
  sales.Open("d1", "Offer", Day(1));
  sales.Win("d1", Day(2));
  const auto exits = sales.Kpi(v1::KPI_EXITS);
  EXPECT_EQ(SalesTenant::Result(exits, "Offer").denominator(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "Offer").won(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "New").denominator(), 0);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).numerator(), 1);
}

TEST(KpiVisits, UndoneBounceWasNeverThere) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Move("d1", "Offer", Day(5));
  const uint64_t before = sales.Head();
  sales.Undo("d1", Day(5));
  sales.Move("d1", "Call", Day(7));
  const auto exits = sales.Kpi(v1::KPI_EXITS);
  EXPECT_EQ(SalesTenant::Result(exits, "New").denominator(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "Offer").denominator(), 0);
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_STAGES), "New").mean_seconds(), 6 * kDaySeconds);
  EXPECT_EQ(sales.Column("New", {}, SalesTenant::AsOf(Day(6))).count(), 1);
  // Under what was known before the correction it is there.
  EXPECT_EQ(sales.Column("Offer", {}, SalesTenant::KnownAt(before)).count(), 1);
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_EXITS, {}, SalesTenant::KnownAt(before)), "Offer")
                .still_open(),
            1);
}

TEST(KpiVisits, UndoneClosingAndUndoneReopening) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Lose("d1", Day(2), "budget");
  sales.Reopen("d1", "Call", REOPEN_MODE_NEW_CYCLE, Day(3));
  sales.Undo("d1", Day(3));
  EXPECT_EQ(sales.Deal("d1").status(), v1::Deal::LOST);
  EXPECT_EQ(sales.Deal("d1").lost_reason(), "budget");
  EXPECT_EQ(sales.Deal("d1").cycle(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).denominator(), 1);
  sales.Undo("d1", Day(3));
  EXPECT_EQ(sales.Deal("d1").status(), v1::Deal::OPEN);
  EXPECT_EQ(sales.Deal("d1").lost_reason(), "");
  EXPECT_FALSE(sales.Deal("d1").has_close_time());
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_EXITS), "New").still_open(), 1);
}

TEST(KpiVisits, RetiredStageKeepsItsTimeAndItsMovesAreAdmin) {
  SalesTenant sales;
  sales.Open("d1", "Call", Day(1));
  events::v1::PipelineEvent started;
  started.mutable_stage_retirement_started()->set_stage_id("stage_Call");
  started.mutable_stage_retirement_started()->set_replacement_stage_id("stage_New");
  sales.ChangePipeline(started, Day(4));
  sales.Move("d1", "New", Day(4), events::v1::MOVE_CAUSE_STAGE_RETIRED);
  events::v1::PipelineEvent retired;
  retired.mutable_stage_retired()->set_stage_id("stage_Call");
  sales.ChangePipeline(retired, Day(4));
  const auto exits = sales.Kpi(v1::KPI_EXITS);
  // After the stages that are left, under its label.
  EXPECT_THAT(SalesTenant::Groups(exits), ElementsAre("", "New", "Offer", "Call"));
  EXPECT_EQ(SalesTenant::Result(exits, "Call").admin(), 1);
  EXPECT_EQ(SalesTenant::Result(exits, "Call").moved_back(), 0);
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_STAGES), "Call").mean_seconds(), 3 * kDaySeconds);
  // The board has no column for it now; it had one then.
  EXPECT_EQ(sales.Board().columns_size(), 5);
  EXPECT_EQ(sales.Column("Call", {}, SalesTenant::AsOf(Day(3))).count(), 1);
}

TEST(KpiPipeline, OrderAndProbabilitiesAreThoseOfTheInstant) {
  SalesTenant sales;
  sales.Open("d1", "Offer", Day(1), {.amount_minor = 1000});
  events::v1::PipelineEvent edited;
  edited.mutable_stage_probability_changed()->set_stage_id("stage_Offer");
  edited.mutable_stage_probability_changed()->set_probability(0.8);
  sales.ChangePipeline(edited, Day(5));
  events::v1::PipelineEvent reordered;
  for (const char* stage : {"Offer", "New", "Call", "Won", "Signed", "Lost"}) {
    reordered.mutable_stages_reordered()->add_stage_ids(std::string("stage_") + stage);
  }
  sales.ChangePipeline(reordered, Day(6));
  EXPECT_EQ(sales.Column("Offer").totals(0).weighted_minor(), 800);
  EXPECT_EQ(sales.Column("Offer", {}, SalesTenant::AsOf(Day(5))).totals(0).weighted_minor(), 500);
  EXPECT_EQ(sales.Board().columns(0).stage(), "Offer");
  EXPECT_EQ(sales.Board({}, SalesTenant::AsOf(Day(6))).columns(0).stage(), "New");
  // A move is judged by the order under which it was made.
  sales.Move("d1", "Call", Day(7));
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_EXITS), "Offer").moved_back(), 1);
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_EXITS)),
              ElementsAre("", "Offer", "New", "Call"));
}

TEST(KpiConversion, PeriodPairsClosingsAndOpeningsOfTheSameMonth) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Win("d1", Day(40));  // February.
  sales.Open("d2", "New", Day(41));
  v1::QueryKpiRequest request = GroupBy("month");
  request.set_mode(v1::CONVERSION_MODE_PERIOD);
  const auto reply = sales.Kpi(v1::KPI_CONVERSION, request);
  EXPECT_EQ(reply.policies().definition(), "conversion_period@1");
  EXPECT_EQ(SalesTenant::Result(reply, "2017-01").value(), 0);
  EXPECT_EQ(SalesTenant::Result(reply, "2017-02").value(), 1);
  const auto cohort = sales.Kpi(v1::KPI_CONVERSION, GroupBy("month"));
  EXPECT_EQ(SalesTenant::Result(cohort, "2017-01").value(), 1);
  EXPECT_EQ(SalesTenant::Result(cohort, "2017-02").value(), 0);
}

TEST(KpiPeriod, IsHalfOpen) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(5));
  sales.Open("d2", "New", Day(10));
  v1::QueryKpiRequest request;
  *request.mutable_from_time()->mutable_date() = SalesTenant::ParseDate("2017-01-05");
  *request.mutable_to()->mutable_date() = SalesTenant::ParseDate("2017-01-10");
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION, request)).denominator(), 1);
  // as_of takes what occurred strictly before it.
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION, {}, SalesTenant::AsOf(Day(10)))).denominator(), 1);
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION, {}, SalesTenant::AsOf(Day(10) + 1))).denominator(),
            2);
}

TEST(KpiWinRate, ByValueAndMeanOverDealsWithAnAmount) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 1001});
  sales.Win("d1", Day(2));
  sales.SetAmount("d1", 9999, Day(3));  // After the closing: the closing's amount stays.
  sales.Open("d2", "New", Day(1));
  sales.Win("d2", Day(2));  // Without an amount.
  sales.Open("d3", "New", Day(1), {.amount_minor = 500});
  sales.Lose("d3", Day(2));
  sales.Open("d4", "New", Day(1), {.amount_minor = 1000});
  sales.Win("d4", Day(2));
  v1::QueryKpiRequest request;
  request.set_by(v1::WIN_RATE_BY_VALUE);
  const auto total = Total(sales.Kpi(v1::KPI_WIN_RATE, request));
  EXPECT_EQ(total.numerator(), 2001);
  EXPECT_EQ(total.denominator(), 2501);
  EXPECT_EQ(total.sample_size(), 4);
  EXPECT_EQ(total.won_amount().units(), 20);
  EXPECT_EQ(total.won_amount().nanos(), 10'000'000);
  EXPECT_EQ(total.lost_amount().units(), 5);
  EXPECT_EQ(total.mean_won_amount().nanos(), 10'000'000);  // 1000.5 rounds away from zero.
}

TEST(KpiWinRate, AMissingRateIsNeverOneToOne) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 1000});
  sales.Win("d1", Day(2));
  sales.Open("d2", "New", Day(1), {.amount_minor = 700, .currency = "USD"});
  sales.Win("d2", Day(2));
  v1::QueryKpiRequest request;
  request.set_by(v1::WIN_RATE_BY_VALUE);
  const auto reply = sales.Kpi(v1::KPI_WIN_RATE, request);
  EXPECT_THAT(reply.missing_rates(), ElementsAre("USD/EUR"));
  EXPECT_FALSE(Total(reply).has_value());
  EXPECT_EQ(Total(reply).won_amount().units(), 10);
  ASSERT_EQ(Total(reply).totals_size(), 1);
  EXPECT_EQ(Total(reply).totals(0).currency_code(), "USD");
  EXPECT_EQ(Total(reply).totals(0).amount_minor(), 700);
}

TEST(KpiWinRate, AmountFirstSetAfterTheClosingCountsFromThenOn) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Win("d1", Day(2));
  sales.SetAmount("d1", 700, Day(5));
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_WIN_RATE)).won_amount().units(), 7);
  const auto before = Total(sales.Kpi(v1::KPI_WIN_RATE, {}, SalesTenant::AsOf(Day(5))));
  EXPECT_EQ(before.won_amount().units(), 0);
  EXPECT_EQ(before.won_amount().currency_code(), "EUR");
  EXPECT_FALSE(before.has_mean_won_amount());
}

TEST(KpiUndefined, DivisionByZeroIsUnsetAndZeroIsSet) {
  SalesTenant sales;
  for (const v1::Kpi kpi : {v1::KPI_CONVERSION, v1::KPI_WIN_RATE}) {
    const auto empty = Total(sales.Kpi(kpi));
    EXPECT_FALSE(empty.has_value());
    EXPECT_TRUE(empty.has_numerator());
    EXPECT_TRUE(empty.has_denominator());
    EXPECT_TRUE(empty.has_sample_size());
  }
  const auto cycle = Total(sales.Kpi(v1::KPI_CYCLE));
  EXPECT_TRUE(cycle.has_sample_size());
  EXPECT_FALSE(cycle.has_mean_seconds());
  EXPECT_FALSE(cycle.has_p50_seconds());
  sales.Open("d1", "New", Day(1));
  EXPECT_TRUE(Total(sales.Kpi(v1::KPI_CONVERSION)).has_value());
  EXPECT_EQ(Total(sales.Kpi(v1::KPI_CONVERSION)).value(), 0);
}

}  // namespace
}  // namespace dealog::projections
