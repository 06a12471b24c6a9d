// Method: the whole plan of small samples. The same options must give the same bytes, another seed
// others; every chain must be in order of time and inside the year; the outcomes must be believable
// (counted over a larger sample).

#include "services/cli/sample/plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "services/cli/sample/directory.h"
#include "services/cli/sample/pipeline_model.h"

namespace dealog::cli {
namespace {

// 2026-01-01T00:00:00Z.
constexpr int64_t kUntilMicros = 1'767'225'600'000'000;

SampleOptions Options(int64_t deals, uint64_t seed) {
  return {.deals = deals, .seed = seed, .until_us = kUntilMicros};
}

std::string Bytes(const SampleStep& step) {
  return step.actor + std::to_string(step.request.index()) +
         std::visit([](const auto& request) { return request.SerializeAsString(); }, step.request);
}

std::string Bytes(const SamplePlan& plan) {
  std::string bytes;
  for (int phase = 0; phase < SamplePlan::kPhases; ++phase) {
    for (int64_t i = 0; i < plan.ChainCount(phase); ++i) {
      for (const SampleStep& step : plan.Chain(phase, i)) bytes += Bytes(step);
    }
  }
  return bytes;
}

template <typename Request>
const Request* As(const SampleStep& step) {
  return std::get_if<Request>(&step.request);
}

TEST(SamplePlan, IsAFunctionOfItsOptions) {
  EXPECT_EQ(Bytes(SamplePlan(Options(200, 7))), Bytes(SamplePlan(Options(200, 7))));
  EXPECT_NE(Bytes(SamplePlan(Options(200, 7))), Bytes(SamplePlan(Options(200, 8))));
  EXPECT_NE(Bytes(SamplePlan(Options(200, 7))), Bytes(SamplePlan(Options(201, 7))));
}

TEST(SamplePlan, ChainsDoNotDependOnEachOther) {
  const SamplePlan plan(Options(150, 7));
  const SampleChain late = plan.Chain(SamplePlan::kDeals, 149);
  plan.Chain(SamplePlan::kDeals, 0);
  const SampleChain again = plan.Chain(SamplePlan::kDeals, 149);
  ASSERT_EQ(late.size(), again.size());
  for (size_t i = 0; i < late.size(); ++i) EXPECT_EQ(Bytes(late[i]), Bytes(again[i]));
}

TEST(SamplePlan, DealsAreInOrderOfTimeAndInsideTheYear) {
  const SamplePlan plan(Options(500, 3));
  const int64_t begin_us = kUntilMicros - kSampleDays * kDayMicros;
  for (int64_t i = 0; i < plan.ChainCount(SamplePlan::kDeals); ++i) {
    int64_t last_us = begin_us;
    for (const SampleStep& step : plan.Chain(SamplePlan::kDeals, i)) {
      const int64_t time_us = OccurredMicros(step);
      ASSERT_GE(time_us, last_us) << "deal " << i;
      ASSERT_LT(time_us, kUntilMicros) << "deal " << i;
      last_us = time_us;
    }
  }
}

TEST(SamplePlan, RequestIdsAndIdsAreUniqueAndWellFormed) {
  const SamplePlan plan(Options(300, 3));
  std::set<std::string> request_ids;
  std::set<std::string> deal_ids;
  for (int phase = 0; phase < SamplePlan::kPhases; ++phase) {
    for (int64_t i = 0; i < plan.ChainCount(phase); ++i) {
      for (const SampleStep& step : plan.Chain(phase, i)) {
        EXPECT_EQ(RequestIdOf(step).size(), 36u);
        EXPECT_TRUE(request_ids.insert(RequestIdOf(step)).second) << RequestIdOf(step);
        if (const auto* open = As<v1::OpenDealRequest>(step)) {
          EXPECT_TRUE(base::IsId("deal", open->deal_id())) << open->deal_id();
          EXPECT_TRUE(deal_ids.insert(open->deal_id()).second);
        }
      }
    }
  }
  EXPECT_EQ(deal_ids.size(), 300u);
}

TEST(SamplePlan, DealsNameOnlyWhatEarlierPhasesMade) {
  const SamplePlan plan(Options(300, 3));
  std::set<std::string> known;
  for (const auto phase : {SamplePlan::kOrganizations, SamplePlan::kContacts}) {
    for (int64_t i = 0; i < plan.ChainCount(phase); ++i) {
      const SampleChain chain = plan.Chain(phase, i);
      if (const auto* made = As<v1::CreateOrganizationRequest>(chain[0])) {
        known.insert(made->organization_id());
      } else {
        const auto* contact = As<v1::CreateContactRequest>(chain[0]);
        ASSERT_NE(contact, nullptr);
        EXPECT_TRUE(known.contains(contact->organization_id()));
        known.insert(contact->contact_id());
      }
    }
  }
  for (int64_t i = 0; i < 300; ++i) {
    for (const SampleStep& step : plan.Chain(SamplePlan::kDeals, i)) {
      if (const auto* singer = As<v1::CreateContactRequest>(step))
        known.insert(singer->contact_id());
      if (const auto* open = As<v1::OpenDealRequest>(step)) {
        EXPECT_TRUE(open->organization_id().empty() || known.contains(open->organization_id()));
        for (const auto& link : open->contacts()) EXPECT_TRUE(known.contains(link.contact_id()));
      }
    }
  }
}

TEST(SamplePlan, DirectoryIsTheSameForEverySeed) {
  const SamplePlan a(Options(200, 1));
  const SamplePlan b(Options(200, 2));
  for (int64_t i = 0; i < a.ChainCount(SamplePlan::kContacts); ++i) {
    EXPECT_EQ(Bytes(a.Chain(SamplePlan::kContacts, i)[0]),
              Bytes(b.Chain(SamplePlan::kContacts, i)[0]));
  }
}

TEST(SamplePlan, EmailsAndDomainsAreUnique) {
  std::set<std::string> seen;
  for (size_t i = 0; i < 2000; ++i) {
    EXPECT_TRUE(seen.insert(OrganizationRequest(i).domain()).second);
    EXPECT_TRUE(seen.insert(ContactRequest(i).email()).second);
  }
}

// What a story did, counted.
struct Counts {
  int64_t steps = 0;
  int64_t won = 0;
  int64_t lost = 0;
  int64_t club = 0;
  double won_days = 0;
  std::map<size_t, int64_t> by_kind;
};

Counts Count(const SamplePlan& plan) {
  Counts counts;
  for (int64_t i = 0; i < plan.ChainCount(SamplePlan::kDeals); ++i) {
    int64_t opened_us = 0;
    for (const SampleStep& step : plan.Chain(SamplePlan::kDeals, i)) {
      ++counts.steps;
      ++counts.by_kind[step.request.index()];
      if (const auto* open = As<v1::OpenDealRequest>(step)) {
        opened_us = OccurredMicros(step);
        if (open->pipeline() == kClubPipeline) ++counts.club;
      }
      if (As<v1::LoseDealRequest>(step) != nullptr) ++counts.lost;
      if (As<v1::WinDealRequest>(step) != nullptr) {
        ++counts.won;
        counts.won_days +=
            static_cast<double>(OccurredMicros(step) - opened_us) / static_cast<double>(kDayMicros);
      }
    }
  }
  return counts;
}

TEST(SamplePlan, TellsABelievableYear) {
  const Counts counts = Count(SamplePlan(Options(4000, 11)));
  const double win_rate =
      static_cast<double>(counts.won) / static_cast<double>(counts.won + counts.lost);
  EXPECT_GT(win_rate, 0.25) << "won " << counts.won << " lost " << counts.lost;
  EXPECT_LT(win_rate, 0.42);
  const double cycle_days = counts.won_days / static_cast<double>(counts.won);
  EXPECT_GT(cycle_days, 35) << cycle_days;
  EXPECT_LT(cycle_days, 60) << cycle_days;
  EXPECT_NEAR(static_cast<double>(counts.club) / 4000, 0.12, 0.03);
  EXPECT_GT(counts.steps, 4 * 4000);
  EXPECT_LT(counts.steps, 9 * 4000);
  // Everything that can happen does happen.
  const SampleStep probes[] = {
      {"", v1::ReopenDealRequest()},      {"", v1::UndoDealMoveRequest()},
      {"", v1::UpdateDealRequest()},      {"", v1::TagDealRequest()},
      {"", v1::WriteNoteRequest()},       {"", v1::ScheduleActivityRequest()},
      {"", v1::CompleteActivityRequest()}};
  for (const SampleStep& probe : probes) {
    EXPECT_GT(counts.by_kind.count(probe.request.index()), 0u) << probe.request.index();
  }
}

TEST(SamplePlan, MovesGoForwardSkipAndGoBack) {
  const SamplePlan plan(Options(1000, 5));
  std::map<std::string, int> order;
  for (const StageModel& stage : SalesModel().stages) order[stage.label] = order.size();
  int forward = 0;
  int skipped = 0;
  int backward = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    int at = 0;
    for (const SampleStep& step : plan.Chain(SamplePlan::kDeals, i)) {
      const auto* move = As<v1::MoveDealRequest>(step);
      if (move == nullptr || !order.contains(move->to_stage())) continue;
      const int to = order[move->to_stage()];
      forward += to == at + 1;
      skipped += to > at + 1;
      backward += to < at;
      at = to;
    }
  }
  EXPECT_GT(forward, 500);
  EXPECT_GT(skipped, 20);
  EXPECT_GT(backward, 20);
}

TEST(SampleOptions, AreChecked) {
  EXPECT_TRUE(CheckSampleOptions(Options(100, 1), kUntilMicros).ok());
  EXPECT_TRUE(CheckSampleOptions(Options(1'000'000, 1), kUntilMicros).ok());
  for (const int64_t deals : {-1, 0, 99, 1'000'001}) {
    EXPECT_EQ(base::ReasonOf(CheckSampleOptions(Options(deals, 1), kUntilMicros)), "FIELD_INVALID");
  }
  EXPECT_EQ(base::ReasonOf(CheckSampleOptions(Options(100, 1), kUntilMicros - 1)), "FIELD_INVALID");
}

}  // namespace
}  // namespace dealog::cli
