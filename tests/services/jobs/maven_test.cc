// Method: the real input, 8,800 opportunities, through the shipped mapping; every number is counted
// from the events in the log. Skips where the data set is not beside the project.

#include <chrono>
#include <cstdio>

#include "eventstore/rocksdb/rocksdb_log.h"
#include "services/domain/catalog.h"
#include "services/domain/organization.h"
#include "tests/services/jobs/fixture.h"

namespace dealog::jobs {
namespace {

using ::testing::ElementsAre;
using testing::ReadFile;

constexpr char kData[] = "../shared/data/maven-crm/";
constexpr char kMappingFile[] = "deploy/mappings/maven-crm.toml";

class MavenTest : public testing::ImportFixture {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kData)) {
      GTEST_SKIP() << "skipped: the data set is not there (" << kData << ")";
    }
    mapping_text_ = ReadFile(kMappingFile);
    for (const char* file :
         {"accounts.csv", "products.csv", "sales_teams.csv", "sales_pipeline.csv"}) {
      files_[file] = ReadFile(std::string(kData) + file);
    }
    make_log_ = [this] {
      auto log = eventstore::OpenRocksDbLog({.path = folder_.path() + "/log"});
      EXPECT_TRUE(log.ok()) << log.status();
      return *std::move(log);
    };
    Reopen();
    CreateTenant();
  }
  void TearDown() override { Close(); }

  std::string mapping_text_;
  testing::Files files_;
};

TEST_F(MavenTest, ImportsWholeAndExactly) {
  const auto start = std::chrono::steady_clock::now();
  const v1::Import import = Import(files_, Header(mapping_text_));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  printf("imported 8,927 rows in %.2f s\n", took.count());
  ASSERT_EQ(import.state(), v1::Import::COMPLETED) << import.error();
  EXPECT_EQ(import.row_count(), 8'800 + 85 + 7 + 35);
  EXPECT_EQ(import.rows_imported(), 8'927);
  EXPECT_EQ(import.rows_rejected(), 0)
      << (import.rejected_size() > 0 ? import.rejected(0).DebugString() : "");
  EXPECT_THAT(import.replacements(), ElementsAre("product: GTXPro -> GTX Pro (1,480 rows)"));

  const auto counts = EventCounts();
  EXPECT_EQ(counts.at("PipelineCreated"), 1);
  EXPECT_EQ(counts.at("OrganizationCreated"), 85);
  EXPECT_EQ(counts.at("ProductDefined"), 7);
  EXPECT_EQ(counts.at("MemberDefined"), 35);
  EXPECT_EQ(counts.at("DealOpened"), 8'800);
  EXPECT_EQ(counts.at("DealWon"), 4'238);
  EXPECT_EQ(counts.at("DealLost"), 2'473);
  EXPECT_EQ(counts.at("DealAmountChanged"), 4'238);
  EXPECT_EQ(counts.count("DealStageMoved"), 0u);

  int64_t won_minor = 0;
  int without_organization = 0;
  for (const commands::ParsedEvent& parsed : Events()) {
    const events::v1::DealEvent& deal = parsed.event.deal();
    won_minor += deal.deal_amount_changed().amount().amount_minor();
    if (deal.has_deal_opened() && deal.deal_opened().organization_id().empty()) {
      ++without_organization;
      EXPECT_FALSE(deal.deal_opened().has_amount());
    }
  }
  EXPECT_EQ(won_minor, 1'000'553'400) << "$10,005,534";
  EXPECT_EQ(without_organization, 1'425);
}

TEST_F(MavenTest, KeepsLabelsAndAttributes) {
  Import(files_, Header(mapping_text_));
  const Mapping mapping = *ParseMapping(mapping_text_);
  const RowDecider decider(mapping);
  const auto acme = State<domain::OrganizationState>(
      "organization", decider.IdOf(Role::kOrganizations, "Acme Corporation"));
  EXPECT_EQ(acme.attributes.Find("sector")->text(), "technolgy");
  EXPECT_DOUBLE_EQ(acme.attributes.Find("revenue")->number(), 1100.04);
  EXPECT_FALSE(acme.attributes.Has("subsidiary_of"));
  const auto member =
      State<domain::MemberState>("member", decider.IdOf(Role::kMembers, "Anna Snelling"));
  EXPECT_EQ(member.team.value, "Dustin Brinkmann");
  EXPECT_EQ(member.region.value, "Central");
  const auto product =
      State<domain::ProductState>("product", decider.IdOf(Role::kProducts, "GTX Pro"));
  EXPECT_EQ(product.list_price.value->amount_minor(), 482'100);
  const domain::DealState deal = Deal("Z063OYW0", mapping_text_);
  EXPECT_EQ(deal.product_id.value, product.product_id) << "GTXPro in the file";
  EXPECT_EQ(deal.amount.value->amount_minor(), 451'400);
}

TEST_F(MavenTest, TheSecondTimeNothingChanges) {
  Import(files_, Header(mapping_text_));
  const auto counts = EventCounts();
  const v1::Import again = Import(files_, Header(mapping_text_));
  EXPECT_EQ(again.rows_unchanged(), 8'927);
  EXPECT_EQ(EventCounts(), counts);
}

}  // namespace
}  // namespace dealog::jobs
