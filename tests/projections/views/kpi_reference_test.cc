// Method: random histories (moves in every direction, reopenings, undone moves, back-dated values)
// are folded, and every KPI is compared with a second, naive implementation of its definition, over
// random periods, instants, positions and dimensions.

#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "projections/views/deals_facts.h"
#include "projections/views/queries.h"
#include "tests/projections/views/naive_facts.h"
#include "tests/support/folded_tenant.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

using testing::FoldedTenant;
using testing::LoggedEvent;
using testing::RandomDeals;

constexpr int kQuestionsPerHistory = 12;
const std::vector<std::string> kDimensions = {
    "", "owner", "team", "source", "tag", "month", "organization.sector"};

// A question in both languages.
struct Question {
  uint64_t known_position = 0;
  std::optional<int64_t> as_of;
  std::optional<int64_t> from;
  std::optional<int64_t> to;
  std::string dimension;

  bool InPeriod(int64_t at) const { return (!from || at >= *from) && (!to || at < *to); }
  AsKnown when() const {
    return {.as_of_us = as_of, .known_position = eventstore::Position{known_position}};
  }
  v1::QueryKpiRequest Request(v1::Kpi kpi) const {
    v1::QueryKpiRequest request;
    request.set_kpi(kpi);
    request.set_pipeline(RandomDeals::kPipeline);
    request.set_group_by(dimension);
    const auto set = [](int64_t at, v1::Instant& instant) {
      instant.mutable_time()->set_seconds(at / 1'000'000);
      instant.mutable_time()->set_nanos(static_cast<int32_t>(at % 1'000'000 * 1000));
    };
    if (from) set(*from, *request.mutable_from_time());
    if (to) set(*to, *request.mutable_to());
    return request;
  }
  std::string Text() const {
    return absl::StrFormat("known %d, as_of %d, from %d, to %d, by %s", known_position,
                           as_of.value_or(-1), from.value_or(-1), to.value_or(-1), dimension);
  }
};

// By group (and subgroup): the numbers of a result, rounded to what doubles hold.
using Numbers = std::map<std::string, std::map<std::string, double>>;

class KpiReference : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    RandomDeals random({.deals = 60, .seed = static_cast<uint64_t>(GetParam()), .active = 10});
    random.Generate([this](const LoggedEvent& event) {
      log_.push_back(event);
      tenant_.Fold(event);
    });
    random_.seed(static_cast<uint64_t>(GetParam()));
  }

  int64_t Instant() {
    const int64_t first = RandomDeals::kStartUs + 1;
    const int64_t span = tenant_.recorded_at_us() - first;
    return first + static_cast<int64_t>(random_() % static_cast<uint64_t>(span));
  }
  Question Ask() {
    Question question;
    question.known_position = random_() % 2 == 0 ? tenant_.position().value
                                                 : 40 + random_() % (tenant_.position().value - 40);
    if (random_() % 2 == 0) question.as_of = Instant();
    if (random_() % 3 == 0) question.from = Instant();
    if (random_() % 3 == 0) question.to = Instant();
    if (question.from && question.to && *question.from >= *question.to) question.to.reset();
    question.dimension = kDimensions[random_() % kDimensions.size()];
    return question;
  }
  naive::Facts Facts(const Question& question) const {
    return naive::Fold(log_, question.known_position, question.as_of.value_or(kNever));
  }
  v1::QueryKpiResponse Answer(const Question& question, const v1::QueryKpiRequest& request) const {
    auto reply = QueryKpi(tenant_, request, question.when(), tenant_.recorded_at_us() + 1);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::QueryKpiResponse();
  }

  std::vector<LoggedEvent> log_;
  FoldedTenant tenant_;
  std::mt19937_64 random_;
};

// Counts into the total and every group.
void Count(const naive::Facts& facts, const Question& question, const std::string& deal, int64_t at,
           int64_t month_at, const std::string& what, double amount, Numbers& numbers) {
  numbers[""][what] += amount;
  for (const std::string& group : naive::GroupsOf(facts, deal, question.dimension, at, month_at)) {
    numbers[group][what] += amount;
  }
}

TEST_P(KpiReference, ConversionCohort) {
  for (int i = 0; i < kQuestionsPerHistory; ++i) {
    const Question question = Ask();
    SCOPED_TRACE(question.Text());
    const naive::Facts facts = Facts(question);
    Numbers expected;
    expected[""];
    for (const naive::Cycle& cycle : facts.cycles) {
      if (!question.InPeriod(cycle.opened)) continue;
      const auto count = [&](const std::string& what) {
        Count(facts, question, cycle.deal, cycle.opened, cycle.opened, what, 1, expected);
      };
      count("opened");
      if (cycle.outcome != "LOST") count(cycle.outcome);
    }
    Numbers actual;
    const v1::QueryKpiResponse reply = Answer(question, question.Request(v1::KPI_CONVERSION));
    for (const v1::KpiResult& result : reply.results()) {
      std::map<std::string, double>& numbers = actual[result.group()];
      if (result.denominator() > 0) numbers["opened"] = result.denominator();
      if (result.numerator() > 0) numbers["WON"] = result.numerator();
      if (result.open() > 0) numbers["OPEN"] = result.open();
      EXPECT_EQ(result.has_value(), result.denominator() > 0);
    }
    EXPECT_EQ(actual, expected);
  }
}

TEST_P(KpiReference, ConversionPeriod) {
  for (int i = 0; i < kQuestionsPerHistory; ++i) {
    const Question question = Ask();
    SCOPED_TRACE(question.Text());
    const naive::Facts facts = Facts(question);
    Numbers expected;
    expected[""];
    for (const naive::Cycle& cycle : facts.cycles) {
      if (question.InPeriod(cycle.opened)) {
        Count(facts, question, cycle.deal, cycle.opened, cycle.opened, "opened", 1, expected);
      }
      if (cycle.outcome == "WON" && question.InPeriod(cycle.closed)) {
        Count(facts, question, cycle.deal, cycle.opened, cycle.closed, "won", 1, expected);
      }
    }
    v1::QueryKpiRequest request = question.Request(v1::KPI_CONVERSION);
    request.set_mode(v1::CONVERSION_MODE_PERIOD);
    Numbers actual;
    const v1::QueryKpiResponse reply = Answer(question, request);
    for (const v1::KpiResult& result : reply.results()) {
      std::map<std::string, double>& numbers = actual[result.group()];
      if (result.denominator() > 0) numbers["opened"] = result.denominator();
      if (result.numerator() > 0) numbers["won"] = result.numerator();
    }
    EXPECT_EQ(actual, expected);
  }
}

TEST_P(KpiReference, WinRate) {
  for (int i = 0; i < kQuestionsPerHistory; ++i) {
    const Question question = Ask();
    SCOPED_TRACE(question.Text());
    const naive::Facts facts = Facts(question);
    Numbers expected;
    expected[""];
    for (const naive::Cycle& cycle : facts.cycles) {
      if (cycle.outcome == "OPEN" || !question.InPeriod(cycle.closed)) continue;
      const auto amount = naive::ValueAt(facts.deals.at(cycle.deal).amount, cycle.closed);
      const auto count = [&](const std::string& what, double by) {
        Count(facts, question, cycle.deal, cycle.closed, cycle.closed, what, by, expected);
      };
      count("closed", 1);
      if (cycle.outcome == "WON") count("won", 1);
      if (amount && *amount > 0) {
        count(cycle.outcome == "WON" ? "won_amount" : "lost_amount", *amount);
      }
    }
    v1::QueryKpiRequest request = question.Request(v1::KPI_WIN_RATE);
    Numbers actual;
    const v1::QueryKpiResponse reply = Answer(question, request);
    const auto minor = [](const v1::Money& money) {
      return static_cast<double>(money.units() * 100 + money.nanos() / 10'000'000);
    };
    for (const v1::KpiResult& result : reply.results()) {
      std::map<std::string, double>& numbers = actual[result.group()];
      if (result.denominator() > 0) numbers["closed"] = result.denominator();
      if (result.numerator() > 0) numbers["won"] = result.numerator();
      if (minor(result.won_amount()) > 0) numbers["won_amount"] = minor(result.won_amount());
      if (minor(result.lost_amount()) > 0) numbers["lost_amount"] = minor(result.lost_amount());
    }
    EXPECT_EQ(actual, expected);
  }
}

// Nearest rank, the obvious way.
std::map<std::string, double> Statistics(std::vector<int64_t> micros) {
  if (micros.empty()) return {};
  std::sort(micros.begin(), micros.end());
  const auto percentile = [&micros](size_t p) {
    return static_cast<double>(micros[(p * micros.size() + 99) / 100 - 1]) / 1e6;
  };
  double sum = 0;
  for (const int64_t each : micros) sum += static_cast<double>(each);
  return {{"n", static_cast<double>(micros.size())},
          {"mean", std::round(sum / static_cast<double>(micros.size()) / 1e6)},
          {"p50", percentile(50)},
          {"p75", percentile(75)},
          {"p90", percentile(90)},
          {"max", static_cast<double>(micros.back()) / 1e6}};
}

std::map<std::string, double> StatisticsOf(const v1::KpiResult& result) {
  EXPECT_EQ(result.has_value(), result.sample_size() > 0);
  if (result.sample_size() == 0) return {};
  EXPECT_EQ(result.value(), result.mean_seconds());
  return {{"n", static_cast<double>(result.sample_size())},
          {"mean", std::round(result.mean_seconds())},
          {"p50", result.p50_seconds()},
          {"p75", result.p75_seconds()},
          {"p90", result.p90_seconds()},
          {"max", result.max_seconds()}};
}

TEST_P(KpiReference, CycleLength) {
  for (int i = 0; i < kQuestionsPerHistory; ++i) {
    const Question question = Ask();
    SCOPED_TRACE(question.Text());
    const auto outcome = static_cast<v1::CycleOutcome>(random_() % 4);
    const naive::Facts facts = Facts(question);
    std::map<std::string, std::vector<int64_t>> lengths;
    lengths[""];
    for (const naive::Cycle& cycle : facts.cycles) {
      if (cycle.outcome == "OPEN" || !question.InPeriod(cycle.closed)) continue;
      const bool won = cycle.outcome == "WON";
      const bool covered =
          outcome == v1::CYCLE_OUTCOME_CLOSED || won == (outcome != v1::CYCLE_OUTCOME_LOST);
      std::set<std::string> groups =
          naive::GroupsOf(facts, cycle.deal, question.dimension, cycle.closed, cycle.closed);
      groups.insert("");
      for (const std::string& group : groups) {
        lengths[group];
        if (covered) lengths[group].push_back(cycle.closed - cycle.opened);
      }
    }
    Numbers expected;
    for (const auto& [group, values] : lengths) expected[group] = Statistics(values);
    v1::QueryKpiRequest request = question.Request(v1::KPI_CYCLE);
    request.set_outcome(outcome);
    Numbers actual;
    const v1::QueryKpiResponse reply = Answer(question, request);
    for (const v1::KpiResult& result : reply.results()) {
      actual[result.group()] = StatisticsOf(result);
    }
    EXPECT_EQ(actual, expected);
  }
}

// Stage labels as of the question, by id.
std::map<std::string, std::string> StageIds(const FoldedTenant& tenant, const Question& question) {
  const auto pipeline = GetPipeline(tenant, RandomDeals::kPipeline, question.when());
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  std::map<std::string, std::string> ids = {{"", ""}};
  for (const v1::Stage& stage : pipeline->stages()) ids[stage.label()] = stage.stage_id();
  return ids;
}

TEST_P(KpiReference, TimeInStage) {
  for (int i = 0; i < kQuestionsPerHistory; ++i) {
    const Question question = Ask();
    SCOPED_TRACE(question.Text());
    const naive::Facts facts = Facts(question);
    std::map<std::string, std::vector<int64_t>> times;
    times["/"];
    for (int stage = 0; stage < RandomDeals::kOpenStages; ++stage) {
      times[RandomDeals::OpenStage(stage) + "/"];
    }
    for (const naive::Visit& visit : facts.visits) {
      if (!question.InPeriod(visit.entered)) continue;
      std::vector<std::string> keys = {"/", visit.stage + "/"};
      for (const std::string& group :
           naive::GroupsOf(facts, visit.deal, question.dimension, visit.entered, visit.entered)) {
        keys.push_back(visit.stage + "/" + group);
      }
      for (const std::string& key : keys) {
        times[key];
        if (visit.exited) times[key].push_back(*visit.exited - visit.entered);
      }
    }
    Numbers expected;
    for (const auto& [key, values] : times) expected[key] = Statistics(values);
    std::map<std::string, std::string> ids = StageIds(tenant_, question);
    Numbers actual;
    const v1::QueryKpiResponse reply = Answer(question, question.Request(v1::KPI_STAGES));
    for (const v1::KpiResult& result : reply.results()) {
      actual[ids[result.group()] + "/" + result.subgroup()] = StatisticsOf(result);
    }
    EXPECT_EQ(actual, expected);
  }
}

TEST_P(KpiReference, ExitsSumToEntries) {
  for (int i = 0; i < kQuestionsPerHistory; ++i) {
    const Question question = Ask();
    SCOPED_TRACE(question.Text());
    const naive::Facts facts = Facts(question);
    Numbers expected;
    expected["/"];
    for (int stage = 0; stage < RandomDeals::kOpenStages; ++stage) {
      expected[RandomDeals::OpenStage(stage) + "/"];
    }
    for (const naive::Visit& visit : facts.visits) {
      if (!question.InPeriod(visit.entered)) continue;
      std::vector<std::string> keys = {"/", visit.stage + "/"};
      for (const std::string& group :
           naive::GroupsOf(facts, visit.deal, question.dimension, visit.entered, visit.entered)) {
        keys.push_back(visit.stage + "/" + group);
      }
      for (const std::string& key : keys) ++expected[key][visit.exit];
    }
    std::map<std::string, std::string> ids = StageIds(tenant_, question);
    Numbers actual;
    const v1::QueryKpiResponse reply = Answer(question, question.Request(v1::KPI_EXITS));
    for (const v1::KpiResult& result : reply.results()) {
      std::map<std::string, double>& numbers =
          actual[ids[result.group()] + "/" + result.subgroup()];
      const std::vector<std::pair<std::string, int64_t>> exits = {
          {"advanced", result.advanced()},
          {"moved_back", result.moved_back()},
          {"won", result.won()},
          {"lost", result.lost()},
          {"admin", result.admin()},
          {"moved_pipeline", result.moved_pipeline()},
          {"deleted", result.deleted()},
          {"merged", result.merged()},
          {"still_open", result.still_open()},
      };
      int64_t sum = 0;
      for (const auto& [exit, count] : exits) {
        sum += count;
        if (count > 0) numbers[exit] = static_cast<double>(count);
      }
      EXPECT_EQ(sum, result.denominator());
    }
    EXPECT_EQ(actual, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Histories, KpiReference, ::testing::Range(1, 13));

}  // namespace
}  // namespace dealog::projections
