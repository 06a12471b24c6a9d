// Method: given events / then pipelines, members, products, organizations and the tenant, now and
// at past instants; instants that a caller may write.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/catalog_view.h"
#include "projections/views/queries.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using testing::SalesTenant;

std::vector<std::string> Labels(const v1::Pipeline& pipeline) {
  std::vector<std::string> labels;
  for (const v1::Stage& stage : pipeline.stages()) labels.push_back(stage.label());
  return labels;
}

TEST(Pipelines, KeepEveryRevision) {
  SalesTenant sales;
  events::v1::PipelineEvent change;
  change.mutable_stage_added()->mutable_stage()->set_stage_id("stage_Demo");
  change.mutable_stage_added()->mutable_stage()->set_label("Demo");
  change.mutable_stage_added()->mutable_stage()->set_kind(events::v1::STAGE_KIND_OPEN);
  change.mutable_stage_added()->set_index(1);
  sales.ChangePipeline(change, Day(1));
  const uint64_t added = sales.Head();
  change.mutable_stage_renamed()->set_stage_id("stage_Demo");
  change.mutable_stage_renamed()->set_label("Show");
  sales.ChangePipeline(change, Day(2));
  change.mutable_stage_retired()->set_stage_id("stage_Call");
  sales.ChangePipeline(change, Day(3));
  change.mutable_pipeline_renamed()->set_display_name("Ventes");
  sales.ChangePipeline(change, Day(4));
  change.mutable_stage_exit_criteria_changed()->set_stage_id("stage_Offer");
  change.mutable_stage_exit_criteria_changed()->set_objective("Agree on a price");
  change.mutable_stage_exit_criteria_changed()->add_actions()->set_label("Send the offer");
  change.mutable_stage_exit_criteria_changed()->add_required_fields("amount");
  sales.ChangePipeline(change, Day(5));

  const auto now = GetPipeline(sales.views, "Ventes", {});
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_THAT(Labels(*now), ElementsAre("New", "Show", "Offer", "Won", "Signed", "Lost", "Call"));
  EXPECT_TRUE(now->stages(6).retired());
  EXPECT_EQ(now->etag(), "6");
  EXPECT_EQ(now->stages(2).objective(), "Agree on a price");
  EXPECT_THAT(now->stages(2).actions(), ElementsAre("Send the offer"));
  EXPECT_THAT(now->stages(2).required_fields(), ElementsAre("amount"));
  EXPECT_EQ(now->stages(2).kind(), v1::Stage::OPEN);
  EXPECT_EQ(now->stages(3).kind(), v1::Stage::WON);
  EXPECT_EQ(now->stages(5).kind(), v1::Stage::LOST);
  const auto then = GetPipeline(sales.views, "pipeline_sales", SalesTenant::AsOf(Day(2)));
  EXPECT_THAT(Labels(*then), ElementsAre("New", "Demo", "Call", "Offer", "Won", "Signed", "Lost"));
  EXPECT_EQ(then->display_name(), "Sales");
  EXPECT_EQ(Labels(*GetPipeline(sales.views, "Sales", SalesTenant::KnownAt(added))), Labels(*then));
  // The name it has now finds it at any instant; a name that was not known yet does not.
  EXPECT_TRUE(GetPipeline(sales.views, "Ventes", SalesTenant::AsOf(Day(2))).ok());
  EXPECT_FALSE(GetPipeline(sales.views, "Ventes", SalesTenant::KnownAt(added)).ok());
  EXPECT_FALSE(GetPipeline(sales.views, "Sales", {}).ok());
}

TEST(Pipelines, TheDefaultAnswersForAnEmptyName) {
  SalesTenant sales;
  EXPECT_EQ(GetPipeline(sales.views, "", {})->display_name(), "Sales");  // The only one.
  events::v1::Event other;
  other.mutable_pipeline()->mutable_pipeline_created()->set_display_name("Other");
  sales.views.Append("pipeline", "pipeline_other", other, Day(1));
  EXPECT_FALSE(GetPipeline(sales.views, "", {}).ok());
  events::v1::Event chosen;
  chosen.mutable_pipeline()->mutable_default_pipeline_changed()->set_is_default(true);
  sales.views.Append("pipeline", "pipeline_other", chosen, Day(2));
  EXPECT_EQ(GetPipeline(sales.views, "", {})->display_name(), "Other");
  const auto page = ListPipelines(sales.views, {.size = 1});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->items[0].display_name(), "Other");
  EXPECT_TRUE(page->items[0].is_default());
  const auto next = ListPipelines(sales.views, {.size = 1, .after = page->next});
  EXPECT_EQ(next->items[0].display_name(), "Sales");
  EXPECT_TRUE(next->next.empty());
}

TEST(Pipelines, RulesAndArchival) {
  SalesTenant sales;
  events::v1::PipelineEvent change;
  change.mutable_transition_rules_changed()->mutable_rules()->set_allow_skip(true);
  change.mutable_transition_rules_changed()->mutable_rules()->add_lost_reasons("budget");
  sales.ChangePipeline(change, Day(1));
  change.mutable_pipeline_archived();
  sales.ChangePipeline(change, Day(2));
  change.mutable_stage_retirement_started()->set_stage_id("stage_Call");
  sales.ChangePipeline(change, Day(3));
  const auto now = GetPipeline(sales.views, "Sales", {});
  EXPECT_TRUE(now->archived());
  EXPECT_TRUE(now->rules().allow_skip());
  EXPECT_THAT(now->rules().lost_reasons(), ElementsAre("budget"));
  EXPECT_TRUE(now->stages(1).retiring());
  EXPECT_FALSE(now->stages(1).retired());
}

TEST(Members, AreListedByNameWithTheirTeams) {
  SalesTenant sales;
  sales.Member("m1", "Zoe", "North", Day(1), "France");
  sales.Member("m2", "Ada", "South", Day(1));
  sales.MoveToTeam("m1", "East", Day(5));
  sales.MoveToTeam("m1", "West", Day(3));  // Back-dated: the later one stays.
  const auto page = ListMembers(sales.views, {.size = 10});
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].display_name(), "Ada");
  EXPECT_EQ(page->items[1].team(), "East");
  EXPECT_EQ(page->items[1].region(), "France");
  EXPECT_EQ(page->items[1].etag(), "3");
  EXPECT_EQ(MemberLabel(sales.views, "m1"), "Zoe");
  EXPECT_EQ(MemberLabel(sales.views, "m9"), "m9");
  EXPECT_EQ(MemberLabel(sales.views, ""), "");
}

TEST(Products, AreListedByName) {
  SalesTenant sales;
  sales.Product("p1", "Course", Day(1));
  events::v1::Event priced;
  auto* changed = priced.mutable_product()->mutable_product_changed();
  changed->set_series("Singing");
  changed->mutable_list_price()->set_currency_code("EUR");
  changed->mutable_list_price()->set_amount_minor(1999);
  sales.views.Append("product", "p1", priced, Day(2));
  const auto page = ListProducts(sales.views, {.size = 10});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->items[0].display_name(), "Course");
  EXPECT_EQ(page->items[0].series(), "Singing");
  EXPECT_EQ(page->items[0].list_price().units(), 19);
  EXPECT_EQ(page->items[0].list_price().nanos(), 990'000'000);
}

TEST(Organizations, AreFilteredOrderedAndPaged) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "", Day(1));
  sales.Organization("o1", "Zebra", "retail", Day(1));
  sales.Organization("o2", "Acme", "medical", Day(2));
  sales.SetSector("o2", "retail", Day(3));
  events::v1::Event changed;
  auto* details = changed.mutable_organization()->mutable_organization_details_changed();
  details->set_owner_id("m1");
  details->set_domain("acme.example");
  auto* employees = details->add_attributes();
  employees->set_key("employees");
  employees->set_number(250);
  sales.views.Append("organization", "o2", changed, Day(4));
  events::v1::Event tagged;
  tagged.mutable_organization()->mutable_organization_tagged()->add_tags("key");
  sales.views.Append("organization", "o2", tagged, Day(5));

  const auto ids = [&](const std::string& filter, const std::string& order_by) {
    std::vector<std::string> found;
    const auto page = ListOrganizations(sales.views, {.filter = filter, .order_by = order_by});
    EXPECT_TRUE(page.ok()) << page.status();
    for (const v1::Organization& each : page->items) found.push_back(each.organization_id());
    return found;
  };
  EXPECT_THAT(ids("", "display_name"), ElementsAre("o2", "o1"));
  EXPECT_THAT(ids("attributes.sector = retail", ""), ElementsAre("o1", "o2"));
  EXPECT_THAT(ids("attributes.employees > 100", ""), ElementsAre("o2"));
  EXPECT_THAT(ids("owner = Ada AND tags:key", ""), ElementsAre("o2"));
  EXPECT_THAT(ids("create_time < 2017-01-02", ""), ElementsAre("o1"));
  const auto one = GetOrganization(sales.views, "o2");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->etag(), "4");
  EXPECT_EQ(one->attributes_size(), 2);
  EXPECT_EQ(one->attributes(0).key(), "employees");
  EXPECT_EQ(one->attributes(1).text(), "retail");
  EXPECT_THAT(one->tags(), ElementsAre("key"));
  // A removed attribute and tag are gone.
  events::v1::Event removed;
  removed.mutable_organization()->mutable_organization_details_changed()->add_attributes()->set_key(
      "sector");
  sales.views.Append("organization", "o2", removed, Day(6));
  events::v1::Event untagged;
  untagged.mutable_organization()->mutable_organization_untagged()->add_tags("key");
  sales.views.Append("organization", "o2", untagged, Day(6));
  EXPECT_EQ(GetOrganization(sales.views, "o2")->attributes_size(), 1);
  EXPECT_EQ(GetOrganization(sales.views, "o2")->tags_size(), 0);
}

TEST(Tenant, ZoneCurrencyAndDays) {
  SalesTenant sales("Europe/Paris");
  const auto tenant = GetTenant(sales.views);
  ASSERT_TRUE(tenant.ok()) << tenant.status();
  EXPECT_EQ(tenant->name(), "sales");
  EXPECT_EQ(tenant->time_zone(), "Europe/Paris");
  EXPECT_EQ(tenant->currency_code(), "EUR");
  EXPECT_EQ(TenantTimeZone(sales.views)->name(), "Europe/Paris");
  v1::Instant instant;
  *instant.mutable_date() = SalesTenant::ParseDate("2017-01-02");
  EXPECT_EQ(*ResolveInstant(instant, sales.views, "from"), Day(2) - 3'600'000'000);
  instant.mutable_time()->set_seconds(12);
  instant.mutable_time()->set_nanos(5000);
  EXPECT_EQ(*ResolveInstant(instant, sales.views, "from"), 12'000'005);
}

}  // namespace
}  // namespace dealog::projections
