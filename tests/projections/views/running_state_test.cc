// What views keep ready for questions equals what a walk over the events gives: the newest fold of
// a pipeline, attributes at hand per visit and span, standings as of an instant, values searched in
// timelines. Method: random histories, with questions asked while they grow, against a tenant that
// was folded in one go or against the facts of single deals.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "projections/views/deals_snapshot.h"
#include "projections/views/queries.h"
#include "tests/support/folded_tenant.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

using testing::FoldedTenant;
using testing::LoggedEvent;
using testing::RandomDeals;

constexpr int64_t kDayUs = 86'400'000'000;

class RunningState : public ::testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override {
    RandomDeals random(
        {.deals = 60, .seed = GetParam(), .active = 20, .strange = 0.3, .catalogue_changes = 0.1});
    random.Generate([this](const LoggedEvent& event) { log_.push_back(event); });
  }
  static DealsSnapshot SnapshotOf(const FoldedTenant& tenant, const AsKnown& when) {
    absl::StatusOr<DealsSnapshot> snapshot = DealsSnapshot::Make(tenant, when, kNow);
    DEALOG_CHECK_OK(snapshot);
    return *std::move(snapshot);
  }

  static constexpr int64_t kNow = RandomDeals::kStartUs + 400 * kDayUs;
  std::vector<LoggedEvent> log_;
};

std::string Answers(const FoldedTenant& tenant, int64_t now_us, const AsKnown& when) {
  std::string all;
  v1::GetBoardRequest board;
  board.set_pipeline(RandomDeals::kPipeline);
  for (const auto column_by : {v1::BOARD_COLUMN_BY_STAGE, v1::BOARD_COLUMN_BY_DECISION_MONTH}) {
    board.set_column_by(column_by);
    const auto reply = GetBoard(tenant, board, when, now_us);
    DEALOG_CHECK_OK(reply);
    all += reply->ShortDebugString() + "\n";
  }
  for (const v1::Kpi kpi : {v1::KPI_STAGES, v1::KPI_WIN_RATE, v1::KPI_DECISION_DATE}) {
    for (const char* dimension : {"owner", "team", "organization.sector", "tag"}) {
      v1::QueryKpiRequest request;
      request.set_pipeline(RandomDeals::kPipeline);
      request.set_kpi(kpi);
      request.set_group_by(dimension);
      const auto answer = QueryKpi(tenant, request, when, now_us);
      DEALOG_CHECK_OK(answer);
      all += answer->ShortDebugString() + "\n";
    }
  }
  return all;
}

TEST_P(RunningState, AnswersWhileTheLogGrowsAreThoseOfAFoldInOneGo) {
  FoldedTenant growing;
  size_t folded = 0;
  size_t asked = 0;
  for (const LoggedEvent& event : log_) {
    growing.Fold(event);
    ++folded;
    // Often, so that every kind of event changes what was asked about before.
    if (folded < 60 || folded % 37 != 0) continue;
    ++asked;
    FoldedTenant anew;
    for (size_t i = 0; i < folded; ++i) anew.Fold(log_[i], i + 1 == folded);
    for (const AsKnown& when :
         {AsKnown{}, AsKnown{.as_of_us = RandomDeals::kStartUs + 150 * kDayUs},
          AsKnown{.known_position = eventstore::Position{folded / 2}}}) {
      // Twice: what the first question left behind serves the second.
      const std::string expected = Answers(anew, kNow, when);
      EXPECT_EQ(Answers(growing, kNow, when), expected) << "after " << folded;
      EXPECT_EQ(Answers(growing, kNow, when), expected) << "again after " << folded;
    }
  }
  EXPECT_GT(asked, 5u);
}

TEST_P(RunningState, StandingAsOfIsTheFoldOfEachDeal) {
  FoldedTenant tenant;
  for (const LoggedEvent& event : log_) tenant.Fold(event);
  std::mt19937_64 random(GetParam());
  size_t partial = 0;
  for (int i = 0; i < 40; ++i) {
    const int64_t as_of = RandomDeals::kStartUs + static_cast<int64_t>(random() % 370) * kDayUs;
    const DealsSnapshot snapshot = SnapshotOf(tenant, {.as_of_us = as_of});
    const StandingColumns& standing = snapshot.standing();
    DealFacts scratch;
    for (DealIndex deal = 0; deal < snapshot.deal_count(); ++deal) {
      if (!snapshot.Exists(deal)) continue;
      partial += snapshot.table().IsWhole(deal, as_of) ? 0 : 1;
      const DealFacts& facts = snapshot.FactsOf(deal, scratch);
      EXPECT_EQ(standing.stage[deal], facts.standing.stage);
      EXPECT_EQ(standing.entered_us[deal], facts.standing.entered_us);
      EXPECT_EQ(standing.closed_us[deal], facts.standing.closed_us);
      EXPECT_EQ(standing.outcome[deal], facts.standing.outcome);
      EXPECT_EQ(standing.last_open_stage[deal], facts.standing.last_open_stage);
      EXPECT_EQ(standing.reason[deal], facts.standing.reason);
      EXPECT_EQ(standing.cycle[deal], facts.standing.cycle);
    }
  }
  EXPECT_GT(partial, 100u);  // Deals that the instant cuts in two.
}

TEST_P(RunningState, AttributesAtHandAreThoseOfTheDealsChanges) {
  FoldedTenant tenant;
  for (const LoggedEvent& event : log_) tenant.Fold(event);
  const DealsSnapshot snapshot = SnapshotOf(tenant, {});
  const FactTable& table = snapshot.table();
  size_t later = 0;
  for (DealIndex deal = 0; deal < table.deal_count(); ++deal) {
    const auto expect_at = [&](const AttributeValues& values, int64_t instant) {
      for (size_t number = 0; number < values.size(); ++number) {
        const auto field = static_cast<DealField>(number);
        const Symbol expected = table.At(deal, field, instant, kNever).symbol();
        EXPECT_EQ(values[number] & ~kSetLater, expected);
        if (!(values[number] & kSetLater)) continue;
        ++later;
        // Set later: a fold that ends with the instant knows nothing of it.
        EXPECT_FALSE(table.At(deal, field, instant, instant + 1).set());
      }
    };
    const auto visits = table.VisitsOf(deal);
    ASSERT_EQ(table.VisitAttributesOf(deal).size(), visits.size());
    for (size_t i = 0; i < visits.size(); ++i) {
      expect_at(table.VisitAttributesOf(deal)[i], visits[i].entered_us);
    }
    const auto spans = table.SpansOf(deal);
    ASSERT_EQ(table.SpanAttributesOf(deal).size(), spans.size());
    for (size_t i = 0; i < spans.size(); ++i) {
      expect_at(table.SpanAttributesOf(deal)[i].opened, spans[i].cycle_opened_us);
      expect_at(table.SpanAttributesOf(deal)[i].closed, spans[i].closed_us);
    }
  }
  EXPECT_GT(later, 5u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RunningState, ::testing::Values(1, 2, 3, 4, 5));

}  // namespace
}  // namespace dealog::projections
