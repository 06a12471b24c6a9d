// Method: properties over random histories. A known_at answer is byte for byte the answer of views
// folded from a log cut there; an as_of answer that of the events that had occurred by then; board
// totals are the sums of the cards; rows give the state back, and the same bytes after folding on.

#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "projections/views/deals_view.h"
#include "projections/views/money.h"
#include "projections/views/queries.h"
#include "tests/projections/views/naive_facts.h"
#include "tests/support/folded_tenant.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

using testing::FoldedTenant;
using testing::LoggedEvent;
using testing::RandomDeals;
using testing::RowMap;

const std::vector<std::string> kFilters = {
    "",
    "owner = \"Member 1\" OR tags:vip",
    "NOT (status = OPEN AND amount > 2000)",
    "organization.sector = \"Sector 1\" AND source = web",
    "team = \"Team 1\" OR region = \"Region 1\"",
    "expected_close_date < 2017-06-01 AND cycle = 1",
    "stage_enter_time >= 2017-04-01 OR lost_reason:*",
    "title:Renamed OR product = \"Product 1\" OR deal_id = deal_100007919",
    "stage:\"stage_2\" OR stage = stage_won",
    "create_time >= 2017-03-01 AND close_time < 2017-09-01",
};

// Every question of the board and KPIs that two tenants may be compared by.
class Questions {
 public:
  explicit Questions(uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto filter = [&random] { return kFilters[random() % kFilters.size()]; };
    for (const auto by : {v1::BOARD_COLUMN_BY_STAGE, v1::BOARD_COLUMN_BY_DECISION_MONTH}) {
      v1::GetBoardRequest& board = boards_.emplace_back();
      board.set_pipeline(RandomDeals::kPipeline);
      board.set_column_by(by);
      board.set_filter(filter());
      board.set_cards_per_column(5);
    }
    const std::vector<std::string> dimensions = {"",
                                                 "owner",
                                                 "team",
                                                 "region",
                                                 "tag",
                                                 "stage",
                                                 "week",
                                                 "quarter",
                                                 "month",
                                                 "product",
                                                 "organization",
                                                 "lost_reason",
                                                 "organization.size"};
    for (int kpi = v1::KPI_CONVERSION; kpi <= v1::KPI_DECISION_DATE; ++kpi) {
      v1::QueryKpiRequest& request = kpis_.emplace_back();
      request.set_pipeline(RandomDeals::kPipeline);
      request.set_kpi(static_cast<v1::Kpi>(kpi));
      request.set_filter(filter());
      request.set_group_by(dimensions[random() % dimensions.size()]);
      request.set_mode(static_cast<v1::ConversionMode>(random() % 3));
      request.set_by(static_cast<v1::WinRateBy>(random() % 3));
      request.set_outcome(static_cast<v1::CycleOutcome>(random() % 4));
      request.set_attribute_at(static_cast<v1::AttributeAt>(random() % 3));
      if (random() % 2)
        *request.mutable_from_time()->mutable_date() = Date(static_cast<int>(random() % 6) + 1);
    }
  }

  // All answers as text, one after another. `cards`: with the cards of the board.
  std::string Answers(const FoldedTenant& tenant, const AsKnown& when, int64_t now_us,
                      bool cards) const {
    std::string text;
    for (v1::GetBoardRequest board : boards_) {
      if (!cards) board.set_cards_per_column(0);
      auto reply = GetBoard(tenant, board, when, now_us);
      EXPECT_TRUE(reply.ok()) << reply.status();
      if (!reply.ok()) continue;
      if (!cards) reply->clear_position();
      text += reply->DebugString();
    }
    for (const v1::QueryKpiRequest& request : kpis_) {
      auto reply = QueryKpi(tenant, request, when, now_us);
      EXPECT_TRUE(reply.ok()) << reply.status();
      if (!reply.ok()) continue;
      if (!cards) reply->clear_position();
      text += request.ShortDebugString() + "\n" + reply->DebugString();
    }
    return text;
  }

 private:
  static events::v1::Date Date(int month) {
    events::v1::Date date;
    date.set_year(2017);
    date.set_month(month);
    date.set_day(1);
    return date;
  }

  std::vector<v1::GetBoardRequest> boards_;
  std::vector<v1::QueryKpiRequest> kpis_;
};

class TimeTravel : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    RandomDeals random({.deals = 80,
                        .seed = static_cast<uint64_t>(GetParam()),
                        .active = 12,
                        .catalogue_changes = 0.05});
    random.Generate([this](const LoggedEvent& event) {
      log_.push_back(event);
      tenant_.Fold(event);
    });
    random_.seed(static_cast<uint64_t>(GetParam()));
  }

  static constexpr uint64_t kSetUpEvents = 40;  // The catalogues come first.
  uint64_t SomePosition() {
    return kSetUpEvents + random_() % (tenant_.position().value - kSetUpEvents);
  }
  int64_t SomeInstant() {
    const int64_t first = log_[kSetUpEvents].header.recorded_at_us();
    return first + static_cast<int64_t>(random_() %
                                        static_cast<uint64_t>(tenant_.recorded_at_us() - first));
  }

  std::vector<LoggedEvent> log_;
  FoldedTenant tenant_;
  std::mt19937_64 random_;
};

TEST_P(TimeTravel, KnownAtEqualsALogCutThere) {
  for (int i = 0; i < 4; ++i) {
    const uint64_t position = SomePosition();
    FoldedTenant cut;
    for (const LoggedEvent& event : log_) {
      if (event.header.position() <= position) cut.Fold(event);
    }
    AsKnown when;
    if (i % 2 == 1) when.as_of_us = SomeInstant();
    AsKnown known = when;
    known.known_position = eventstore::Position{position};
    const Questions questions(random_());
    const int64_t now = tenant_.recorded_at_us() + 1;
    EXPECT_EQ(questions.Answers(tenant_, known, now, true),
              questions.Answers(cut, when, now, true));
    for (int deal = 0; deal < 10; ++deal) {
      const std::string id =
          log_[kSetUpEvents + random_() % (log_.size() - kSetUpEvents)].header.stream().id();
      const auto actual = GetDeal(tenant_, id, known, now);
      const auto expected = GetDeal(cut, id, when, now);
      ASSERT_EQ(actual.ok(), expected.ok()) << id;
      if (!actual.ok()) continue;
      EXPECT_EQ(actual->DebugString(), expected->DebugString());
    }
  }
}

TEST_P(TimeTravel, AsOfEqualsTheEventsThatHadOccurred) {
  for (int i = 0; i < 4; ++i) {
    const int64_t as_of = SomeInstant();
    FoldedTenant then;
    for (const LoggedEvent& event : naive::Within(log_, tenant_.position().value, as_of)) {
      then.Fold(event);
    }
    const Questions questions(random_());
    EXPECT_EQ(questions.Answers(tenant_, {.as_of_us = as_of}, tenant_.recorded_at_us(), false),
              questions.Answers(then, {}, as_of, false));
  }
}

TEST_P(TimeTravel, BoardTotalsAreTheSumsOfTheCards) {
  for (int i = 0; i < 4; ++i) {
    AsKnown when;
    if (i % 2 == 1) when.as_of_us = SomeInstant();
    if (i / 2 == 1) when.known_position = eventstore::Position{SomePosition()};
    v1::GetBoardRequest request;
    request.set_pipeline(RandomDeals::kPipeline);
    request.set_filter(kFilters[random_() % kFilters.size()]);
    request.set_cards_per_column(100);
    const auto board = GetBoard(tenant_, request, when, tenant_.recorded_at_us());
    ASSERT_TRUE(board.ok()) << board.status();
    for (const v1::BoardColumn& column : board->columns()) {
      std::map<std::string, std::pair<int64_t, int64_t>> sums;
      for (const v1::Deal& card : column.cards()) {
        EXPECT_EQ(card.stage_id(), column.stage_id());
        if (!card.has_amount()) continue;
        const int64_t minor = card.amount().units() * 100 + card.amount().nanos() / 10'000'000;
        auto& [amount, weighted] = sums[card.amount().currency_code()];
        amount += minor;
        weighted += Weighted(minor, ProbabilityNanos(column.probability()));
      }
      EXPECT_EQ(column.count(), column.cards_size());
      ASSERT_EQ(column.totals_size(), static_cast<int>(sums.size()));
      for (const v1::CurrencyTotal& total : column.totals()) {
        EXPECT_EQ(total.amount_minor(), sums[total.currency_code()].first);
        EXPECT_EQ(total.weighted_minor(), sums[total.currency_code()].second);
      }
    }
  }
}

TEST_P(TimeTravel, BoardEqualsANaiveCount) {
  for (int i = 0; i < 4; ++i) {
    const int64_t as_of = SomeInstant();
    const uint64_t position = SomePosition();
    std::map<std::string, std::pair<int64_t, int64_t>> expected;  // Count, amount.
    const naive::Facts facts = naive::Fold(log_, position, as_of);
    for (const auto& [id, deal] : facts.deals) {
      auto& [count, amount] = expected[deal.stage];
      ++count;
      amount += naive::ValueAt(deal.amount, as_of).value_or(0);
    }
    v1::GetBoardRequest request;
    request.set_pipeline(RandomDeals::kPipeline);
    const auto board =
        GetBoard(tenant_, request,
                 {.as_of_us = as_of, .known_position = eventstore::Position{position}}, as_of);
    ASSERT_TRUE(board.ok()) << board.status();
    std::map<std::string, std::pair<int64_t, int64_t>> actual;
    for (const v1::BoardColumn& column : board->columns()) {
      if (column.count() == 0) continue;
      actual[column.stage_id()] = {column.count(),
                                   column.totals_size() == 0 ? 0 : column.totals(0).amount_minor()};
    }
    EXPECT_EQ(actual, expected);
  }
}

TEST_P(TimeTravel, RowsGiveTheStateBackAndTheSameBytes) {
  const size_t half = log_.size() / 2;
  FoldedTenant before;
  for (size_t i = 0; i < half; ++i) before.Fold(log_[i]);
  std::map<std::string, RowMap> rows = before.FlushRows();
  FoldedTenant loaded;
  loaded.LoadRows(rows, before);
  const Questions questions(random_());
  const int64_t now = tenant_.recorded_at_us();
  EXPECT_EQ(questions.Answers(before, {}, now, true), questions.Answers(loaded, {}, now, true));

  // Folding on from the rows gives what folding without a stop gives, flushed once or often.
  for (size_t i = half; i < log_.size(); ++i) {
    loaded.Fold(log_[i]);
    if (i % 97 != 0) continue;
    for (const auto& [view, changed] : loaded.FlushRows()) {
      for (const auto& [key, value] : changed.rows) rows[view].Put(key, value);
    }
  }
  for (const auto& [view, changed] : loaded.FlushRows()) {
    for (const auto& [key, value] : changed.rows) rows[view].Put(key, value);
  }
  EXPECT_EQ(questions.Answers(tenant_, {}, now, true), questions.Answers(loaded, {}, now, true));
  for (const auto& [view, all] : tenant_.FlushRows()) {
    EXPECT_EQ(all.rows, rows[view].rows) << view;
    EXPECT_EQ(tenant_.View(view).RowCount(), all.rows.size()) << view;
  }
}

TEST_P(TimeTravel, APastTableServesLaterQuestionsWhateverIsFoldedSince) {
  const size_t half = log_.size() / 2;
  const uint64_t position = log_[half / 2 + kSetUpEvents / 2].header.position();
  FoldedTenant growing;
  for (size_t i = 0; i < half; ++i) growing.Fold(log_[i]);
  const Questions questions(random_());
  const AsKnown when = {.as_of_us = SomeInstant(),
                        .known_position = eventstore::Position{position}};
  const int64_t now = tenant_.recorded_at_us();
  const std::string before = questions.Answers(growing, when, now, true);
  const auto* const view = *growing.Get<DealsView>(kDealsView);
  const FactTable* const table = view->PastTableAt(position).get();
  const size_t bytes = view->ApproximateBytes();
  for (size_t i = half; i < log_.size(); ++i) growing.Fold(log_[i]);
  EXPECT_EQ(questions.Answers(growing, when, now, true), before);
  EXPECT_EQ(questions.Answers(tenant_, when, now, true), before);
  EXPECT_EQ(view->PastTableAt(position).get(), table) << "made once";
  EXPECT_GT(view->ApproximateBytes(), bytes);
  // Two are kept; one that is gone is made again, for the same answer.
  for (const uint64_t other : {position + 1, position + 2}) {
    EXPECT_EQ(view->PastTableAt(other), view->PastTableAt(other));
  }
  EXPECT_EQ(questions.Answers(growing, when, now, true), before);
}

TEST_P(TimeTravel, AskingAgainGivesTheSameBytes) {
  const Questions questions(random_());
  const AsKnown when = {.as_of_us = SomeInstant(),
                        .known_position = eventstore::Position{SomePosition()}};
  const std::string first = questions.Answers(tenant_, when, tenant_.recorded_at_us(), true);
  EXPECT_EQ(first, questions.Answers(tenant_, when, tenant_.recorded_at_us(), true));
  // Both instants are given: the request's own plays no part.
  EXPECT_EQ(first, questions.Answers(tenant_, when, tenant_.recorded_at_us() + 5, true));
}

INSTANTIATE_TEST_SUITE_P(Histories, TimeTravel, ::testing::Range(1, 9));

}  // namespace
}  // namespace dealog::projections
