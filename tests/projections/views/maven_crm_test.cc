// Method: the published Maven CRM data set (8,800 opportunities) is turned into events straight
// from its CSV files, folded, and asked for the figures that analyses of it published. It stays
// outside of the project: without it the tests are skipped, and say so.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/instants.h"
#include "projections/views/queries.h"
#include "tests/support/folded_tenant.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using ::testing::ElementsAre;
using testing::FoldedTenant;
using testing::SalesTenant;

constexpr char kFolder[] = "../shared/data/maven-crm";

using CsvRow = std::map<std::string, std::string>;

// The files' lines end in CR LF and no field is quoted.
std::vector<CsvRow> ReadCsv(const std::string& name) {
  std::ifstream file(std::filesystem::path(kFolder) / name);
  const auto split = [](std::string line) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back().push_back(c);
      }
    }
    return fields;
  };
  std::vector<CsvRow> rows;
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = split(line);
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = split(line);
    CsvRow row;
    for (size_t i = 0; i < names.size() && i < fields.size(); ++i) row[names[i]] = fields[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

int64_t Midnight(const std::string& date) {
  return StartOfDay(*DayOfDate(SalesTenant::ParseDate(date)), absl::UTCTimeZone());
}

// What an import makes of the files.
class MavenTenant {
 public:
  MavenTenant() {
    const int64_t reference = Midnight("2016-10-01");
    events::v1::Event tenant;
    tenant.mutable_tenant()->mutable_tenant_created()->set_time_zone("UTC");
    tenant.mutable_tenant()->mutable_tenant_created()->set_currency_code("USD");
    views.Append("tenant", "maven", tenant, reference);
    MakePipeline(reference);
    for (const CsvRow& row : ReadCsv("sales_teams.csv")) {
      events::v1::Event event;
      auto* member = event.mutable_member()->mutable_member_defined();
      member->set_display_name(row.at("sales_agent"));
      member->set_team(row.at("manager"));
      member->set_region(row.at("regional_office"));
      views.Append("member", "member_" + row.at("sales_agent"), event, reference);
    }
    for (const CsvRow& row : ReadCsv("products.csv")) {
      events::v1::Event event;
      event.mutable_product()->mutable_product_defined()->set_display_name(row.at("product"));
      views.Append("product", "product_" + row.at("product"), event, reference);
    }
    for (const CsvRow& row : ReadCsv("accounts.csv")) {
      events::v1::Event event;
      auto* created = event.mutable_organization()->mutable_organization_created();
      created->set_display_name(row.at("account"));
      auto* sector = created->add_attributes();
      sector->set_key("sector");
      sector->set_text(row.at("sector"));
      views.Append("organization", "org_" + row.at("account"), event, reference);
    }
    for (const CsvRow& row : ReadCsv("sales_pipeline.csv")) AddDeal(row);
  }

  v1::QueryKpiResponse Kpi(v1::QueryKpiRequest request, const AsKnown& when = {}) const {
    request.set_pipeline("Maven");
    auto reply = QueryKpi(views, request, when, Midnight("2018-01-01"));
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::QueryKpiResponse();
  }

  FoldedTenant views;

 private:
  void MakePipeline(int64_t reference) {
    events::v1::Event event;
    auto* created = event.mutable_pipeline()->mutable_pipeline_created();
    created->set_display_name("Maven");
    const auto add = [created](const std::string& label, events::v1::StageKind kind) {
      auto* stage = created->add_stages();
      stage->set_stage_id("stage_" + label);
      stage->set_label(label);
      stage->set_kind(kind);
    };
    add("Prospecting", events::v1::STAGE_KIND_OPEN);
    add("Engaging", events::v1::STAGE_KIND_OPEN);
    add("Won", events::v1::STAGE_KIND_WON);
    add("Lost", events::v1::STAGE_KIND_LOST);
    views.Append("pipeline", "pipeline_maven", event, reference);
  }

  void AddDeal(const CsvRow& row) {
    const std::string id = "deal_" + row.at("opportunity_id");
    const std::string product = row.at("product") == "GTXPro" ? "GTX Pro" : row.at("product");
    const bool dated = !row.at("engage_date").empty();
    events::v1::Event event;
    auto* opened = event.mutable_deal()->mutable_deal_opened();
    opened->set_pipeline_id("pipeline_maven");
    opened->set_stage_id(dated ? "stage_Engaging" : "stage_Prospecting");
    opened->set_owner_id("member_" + row.at("sales_agent"));
    opened->set_product_id("product_" + product);
    if (!row.at("account").empty()) opened->set_organization_id("org_" + row.at("account"));
    views.Append("deal", id, event, Midnight(dated ? row.at("engage_date") : "2017-12-31"));
    if (row.at("deal_stage") == "Won") {
      events::v1::Event amount;
      auto* money = amount.mutable_deal()->mutable_deal_amount_changed()->mutable_amount();
      money->set_currency_code("USD");
      money->set_amount_minor(std::stoll(row.at("close_value")) * 100);
      views.Append("deal", id, amount, Midnight(row.at("close_date")));
      events::v1::Event won;
      won.mutable_deal()->mutable_deal_won()->set_stage_id("stage_Won");
      views.Append("deal", id, won, Midnight(row.at("close_date")));
    } else if (row.at("deal_stage") == "Lost") {
      events::v1::Event lost;
      lost.mutable_deal()->mutable_deal_lost()->set_stage_id("stage_Lost");
      views.Append("deal", id, lost, Midnight(row.at("close_date")));
    }
  }
};

class MavenCrm : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) {
      GTEST_SKIP() << "the data set is not at " << kFolder
                   << "; see its README for where to get it";
    }
    static const MavenTenant* const kTenant = new MavenTenant();
    maven_ = kTenant;
  }
  static double Percent(const v1::KpiResult& result) {
    return std::round(result.value() * 10'000) / 100;
  }

  const MavenTenant* maven_ = nullptr;
};

TEST_F(MavenCrm, WinRateAndRevenue) {
  v1::QueryKpiRequest request;
  request.set_kpi(v1::KPI_WIN_RATE);
  const v1::KpiResult total = maven_->Kpi(request).results(0);
  EXPECT_EQ(total.numerator(), 4'238);
  EXPECT_EQ(total.denominator() - total.numerator(), 2'473);
  EXPECT_EQ(Percent(total), 63.15);
  EXPECT_EQ(total.won_amount().units(), 10'005'534);
  EXPECT_EQ(total.won_amount().currency_code(), "USD");
  EXPECT_EQ(total.lost_amount().units(), 0);
  EXPECT_EQ(total.mean_won_amount().units(), 2'360);
  EXPECT_EQ(total.mean_won_amount().nanos(), 910'000'000);
}

TEST_F(MavenCrm, MeanCycleOfClosedDeals) {
  v1::QueryKpiRequest request;
  request.set_kpi(v1::KPI_CYCLE);
  request.set_outcome(v1::CYCLE_OUTCOME_CLOSED);
  const v1::KpiResult total = maven_->Kpi(request).results(0);
  EXPECT_EQ(total.sample_size(), 6'711);
  EXPECT_EQ(std::round(total.mean_seconds() / 864) / 100, 47.99);
}

TEST_F(MavenCrm, ConversionByRegion) {
  v1::QueryKpiRequest request;
  request.set_kpi(v1::KPI_CONVERSION);
  request.set_group_by("region");
  const v1::QueryKpiResponse reply = maven_->Kpi(request);
  ASSERT_THAT(SalesTenant::Groups(reply), ElementsAre("", "Central", "East", "West"));
  EXPECT_EQ(reply.results(0).denominator(), 8'800);
  EXPECT_EQ(Percent(reply.results(1)), 46.38);
  EXPECT_EQ(Percent(reply.results(2)), 51.11);
  EXPECT_EQ(Percent(reply.results(3)), 47.98);
}

// The same figures counted from the files by hand, in every dimension that the data set has.
TEST_F(MavenCrm, BreakdownsEqualTheFiles) {
  std::map<std::string, std::string> sector_of;
  std::map<std::string, CsvRow> agent;
  for (const CsvRow& row : ReadCsv("accounts.csv")) sector_of[row.at("account")] = row.at("sector");
  for (const CsvRow& row : ReadCsv("sales_teams.csv")) agent[row.at("sales_agent")] = row;
  struct Sum {
    int64_t won = 0;
    int64_t lost = 0;
    int64_t revenue = 0;
    int64_t all = 0;
  };
  std::map<std::string, std::map<std::string, Sum>> sums;
  for (const CsvRow& row : ReadCsv("sales_pipeline.csv")) {
    const std::string& owner = row.at("sales_agent");
    const std::string& account = row.at("account");
    std::map<std::string, std::string> groups = {
        {"owner", owner},
        {"team", agent[owner]["manager"]},
        {"product", row.at("product") == "GTXPro" ? "GTX Pro" : row.at("product")},
        {"organization", account.empty() ? "(none)" : account},
        {"organization.sector", account.empty() ? "(none)" : sector_of[account]},
    };
    const bool closed = !row.at("close_date").empty();
    if (closed) groups["month"] = row.at("close_date").substr(0, 7);
    for (const auto& [dimension, group] : groups) {
      Sum& sum = sums[dimension][group];
      ++sum.all;
      if (!closed) continue;
      const bool won = row.at("deal_stage") == "Won";
      ++(won ? sum.won : sum.lost);
      if (won) sum.revenue += std::stoll(row.at("close_value"));
    }
  }
  for (const auto& [dimension, groups] : sums) {
    v1::QueryKpiRequest request;
    request.set_group_by(dimension);
    request.set_kpi(v1::KPI_WIN_RATE);
    std::map<std::string, v1::KpiResult> rates;
    const v1::QueryKpiResponse rate = maven_->Kpi(request);
    for (const v1::KpiResult& result : rate.results()) rates[result.group()] = result;
    request.set_kpi(v1::KPI_CONVERSION);
    std::map<std::string, v1::KpiResult> conversions;
    const v1::QueryKpiResponse conversion = maven_->Kpi(request);
    for (const v1::KpiResult& result : conversion.results()) conversions[result.group()] = result;
    if (dimension != "month") {
      EXPECT_EQ(conversions.size(), groups.size() + 1) << dimension;
    }
    for (const auto& [group, sum] : groups) {
      if (dimension != "month") {
        EXPECT_EQ(conversions[group].numerator(), sum.won) << dimension << " " << group;
        EXPECT_EQ(conversions[group].denominator(), sum.all) << dimension << " " << group;
      }
      if (sum.won + sum.lost == 0) continue;
      EXPECT_EQ(rates[group].numerator(), sum.won) << dimension << " " << group;
      EXPECT_EQ(rates[group].denominator(), sum.won + sum.lost) << dimension << " " << group;
      EXPECT_EQ(rates[group].won_amount().units(), sum.revenue) << dimension << " " << group;
    }
  }
}

TEST_F(MavenCrm, AsOfAPastDateEqualsTheFilesThen) {
  int64_t engaging = 0;
  int64_t won = 0;
  int64_t lost = 0;
  int64_t revenue = 0;
  for (const CsvRow& row : ReadCsv("sales_pipeline.csv")) {
    if (row.at("engage_date").empty() || row.at("engage_date") >= "2017-07-01") continue;
    if (row.at("close_date").empty() || row.at("close_date") >= "2017-07-01") {
      ++engaging;
    } else if (row.at("deal_stage") == "Won") {
      ++won;
      revenue += std::stoll(row.at("close_value"));
    } else {
      ++lost;
    }
  }
  v1::GetBoardRequest request;
  request.set_pipeline("Maven");
  const auto board = GetBoard(maven_->views, request, {.as_of_us = Midnight("2017-07-01")},
                              Midnight("2018-01-01"));
  ASSERT_TRUE(board.ok()) << board.status();
  ASSERT_EQ(board->columns_size(), 4);
  EXPECT_EQ(board->columns(0).count(), 0);
  EXPECT_TRUE(board->columns(0).has_count());
  EXPECT_EQ(board->columns(1).count(), engaging);
  EXPECT_EQ(board->columns(1).totals_size(), 0);
  EXPECT_EQ(board->columns(2).count(), won);
  EXPECT_EQ(board->columns(2).totals(0).amount_minor(), revenue * 100);
  EXPECT_EQ(board->columns(3).count(), lost);
}

}  // namespace
}  // namespace dealog::projections
