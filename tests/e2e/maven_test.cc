// Method: the public Maven CRM data set through `dealog import`, against its published analyses.
// Skipped where the data is not there: no copy of it belongs to the project.

#include <filesystem>
#include <map>

#include "dealog/v1/board.pb.h"
#include "dealog/v1/imports.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "dealog/v1/log.pb.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

constexpr char kMapping[] = DEALOG_ROOT "/deploy/mappings/maven-crm.toml";
constexpr char kFolder[] = DEALOG_ROOT "/../shared/data/maven-crm";

class Maven : public Installation {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "no data set at " << kFolder;
    Installation::SetUp();
    CreateTenant();
    const auto reply = DealogJson<v1::GetImportResponse>(Command());
    ASSERT_EQ(reply.import().state(), v1::Import::COMPLETED) << reply.import().error();
    EXPECT_EQ(reply.import().rows_rejected(), 0);
    ASSERT_EQ(reply.import().replacements_size(), 1);
    EXPECT_NE(reply.import().replacements(0).find("GTXPro"), std::string::npos);
  }
  static std::vector<std::string> Command() {
    return {"import", "--mapping", kMapping, "--undated-at", "2017-01-01", kFolder};
  }
  v1::KpiResult Total(std::vector<std::string> kpi) const {
    kpi.insert(kpi.begin(), "kpi");
    kpi.insert(kpi.end(), {"--pipeline", "Maven"});
    const auto reply = DealogJson<v1::QueryKpiResponse>(kpi);
    EXPECT_GT(reply.results_size(), 0);
    return reply.results_size() > 0 ? reply.results(0) : v1::KpiResult();
  }
};

TEST_F(Maven, ReproducesThePublishedNumbers) {
  const v1::KpiResult rate = Total({"win-rate"});
  EXPECT_EQ(rate.numerator(), 4238);
  EXPECT_EQ(rate.denominator(), 4238 + 2473);
  EXPECT_NEAR(rate.value(), 0.6315, 0.00005);
  EXPECT_EQ(rate.won_amount().units(), 10'005'534);
  EXPECT_EQ(rate.won_amount().currency_code(), "USD");
  EXPECT_EQ(rate.mean_won_amount().units(), 2360);
  EXPECT_EQ(rate.mean_won_amount().nanos(), 910'000'000);
  const v1::KpiResult cycle = Total({"cycle", "--outcome", "closed"});
  EXPECT_NEAR(cycle.mean_seconds() / 86'400, 47.99, 0.005);
  const auto conversion = DealogJson<v1::QueryKpiResponse>(
      {"kpi", "conversion", "--pipeline", "Maven", "--group-by", "region"});
  std::map<std::string, double> by_region;
  for (const auto& result : conversion.results()) by_region[result.group()] = result.value();
  EXPECT_NEAR(by_region["Central"], 0.4638, 0.00005);
  EXPECT_NEAR(by_region["West"], 0.4798, 0.00005);
  EXPECT_NEAR(by_region["East"], 0.5111, 0.00005);
}

TEST_F(Maven, BoardHoldsEveryOpportunity) {
  const auto board = DealogJson<v1::GetBoardResponse>({"board", "--pipeline", "Maven"});
  std::map<std::string, int64_t> counts;
  for (const auto& column : board.columns()) counts[column.stage()] = column.count();
  EXPECT_EQ(counts["Won"], 4238);
  EXPECT_EQ(counts["Lost"], 2473);
  EXPECT_EQ(counts["Prospecting"] + counts["Engaging"], 8800 - 4238 - 2473);
  // Open opportunities have no amount: unset, not 0.
  for (const auto& column : board.columns()) {
    EXPECT_TRUE(column.stage() != "Engaging" || column.totals().empty());
  }
}

TEST_F(Maven, ImportingAgainChangesNothing) {
  const auto head = DealogJson<v1::GetHeadResponse>({"log", "head"});
  const auto again = DealogJson<v1::GetImportResponse>(Command());
  EXPECT_EQ(again.import().state(), v1::Import::COMPLETED);
  EXPECT_EQ(again.import().rows_imported(), 0);
  EXPECT_GE(again.import().rows_unchanged(), 8800);
  const auto deals =
      DealogJson<v1::ReadLogResponse>({"log", "read", "--after", std::to_string(head.position()),
                                       "--stream-type", "deal", "--limit", "10"});
  EXPECT_EQ(deals.events_size(), 0);
}

TEST_F(Maven, DryRunWritesNothing) {
  std::vector<std::string> command = Command();
  command.emplace_back("--dry-run");
  const auto head = DealogJson<v1::GetHeadResponse>({"log", "head"});
  const auto reply = DealogJson<v1::GetImportResponse>(command);
  EXPECT_TRUE(reply.import().dry_run());
  EXPECT_EQ(DealogJson<v1::GetHeadResponse>({"log", "head"}).position(), head.position());
}

}  // namespace
}  // namespace dealog::e2e
