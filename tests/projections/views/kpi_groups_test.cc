// Method: given events / then the groups of an answer: which value of an attribute an event is
// grouped by, what overlaps, in which order groups come.

#include <string>

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

v1::QueryKpiRequest GroupBy(const std::string& dimension) {
  v1::QueryKpiRequest request;
  request.set_group_by(dimension);
  return request;
}

TEST(KpiAttributes, AreReadAtTheEvent) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "North", Day(-10));
  sales.Member("m2", "Bob", "South", Day(-10));
  sales.Open("d1", "New", Day(1), {.owner = "m1", .source = "web"});
  sales.SetOwner("d1", "m2", Day(4));
  sales.Win("d1", Day(6));
  // Conversion reads at entry, the win rate at the closing.
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_CONVERSION, GroupBy("owner")), "Ada").numerator(),
            1);
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_WIN_RATE, GroupBy("owner")), "Bob").numerator(),
            1);
  v1::QueryKpiRequest current = GroupBy("owner");
  current.set_attribute_at(v1::ATTRIBUTE_AT_CURRENT);
  EXPECT_EQ(SalesTenant::Result(sales.Kpi(v1::KPI_CONVERSION, current), "Bob").numerator(), 1);
  EXPECT_EQ(sales.Kpi(v1::KPI_CONVERSION, current).policies().attribute_at(), "CURRENT");
}

TEST(KpiAttributes, ABackDatedValueHoldsFromWhenItTookEffect) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "", Day(-10));
  sales.Member("m2", "Bob", "", Day(-10));
  sales.Open("d1", "New", Day(1), {.owner = "m1"});
  sales.Win("d1", Day(6));
  const uint64_t before = sales.Head();
  sales.SetOwner("d1", "m2", Day(5));  // Recorded after the win, effective before it.
  const auto now = sales.Kpi(v1::KPI_WIN_RATE, GroupBy("owner"));
  EXPECT_THAT(SalesTenant::Groups(now), ElementsAre("", "Bob"));
  const auto then = sales.Kpi(v1::KPI_WIN_RATE, GroupBy("owner"), SalesTenant::KnownAt(before));
  EXPECT_THAT(SalesTenant::Groups(then), ElementsAre("", "Ada"));
  EXPECT_EQ(then.position(), static_cast<int64_t>(before));
}

TEST(KpiAttributes, ALookUpBeforeTheFirstValueUsesIt) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "", Day(-10));
  sales.Open("d1", "New", Day(1));
  sales.SetOwner("d1", "m1", Day(4));
  const auto conversion = sales.Kpi(v1::KPI_CONVERSION, GroupBy("owner"));
  EXPECT_THAT(SalesTenant::Groups(conversion), ElementsAre("", "Ada"));
  // As of before it was set there is none to use.
  const auto before = sales.Kpi(v1::KPI_CONVERSION, GroupBy("owner"), SalesTenant::AsOf(Day(4)));
  EXPECT_THAT(SalesTenant::Groups(before), ElementsAre("", "(none)"));
  // One that was cleared again is none, not its first value.
  sales.SetOwner("d1", "", Day(8));
  sales.Win("d1", Day(9));
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_WIN_RATE, GroupBy("owner"))),
              ElementsAre("", "(none)"));
}

TEST(KpiAttributes, TeamIsTheOwnersAtThatInstant) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "North", Day(-10));
  sales.Open("d1", "New", Day(1), {.owner = "m1"});
  sales.MoveToTeam("m1", "South", Day(5));
  sales.Open("d2", "New", Day(6), {.owner = "m1"});
  const auto reply = sales.Kpi(v1::KPI_CONVERSION, GroupBy("team"));
  EXPECT_THAT(SalesTenant::Groups(reply), ElementsAre("", "North", "South"));
  EXPECT_EQ(SalesTenant::Result(reply, "North").denominator(), 1);
}

TEST(KpiAttributes, OrganizationAttributeIsAsItWasAtTheEvent) {
  SalesTenant sales;
  sales.Organization("o1", "Acme", "retail", Day(-10));
  sales.Open("d1", "New", Day(1), {.organization = "o1"});
  sales.SetSector("o1", "medical", Day(5));
  sales.Win("d1", Day(6));
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_CONVERSION, GroupBy("organization.sector"))),
              ElementsAre("", "retail"));
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_WIN_RATE, GroupBy("organization.sector"))),
              ElementsAre("", "medical"));
}

// Reference records come into the system later than the deals that name them.
TEST(KpiAttributes, AReferencesFirstValueHoldsBeforeItWasEntered) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.owner = "m1", .organization = "o1", .product = "p1"});
  const uint64_t unknown = sales.Head();
  sales.Member("m1", "Ada", "North", Day(20));
  sales.Organization("o1", "Acme", "retail", Day(20));
  sales.Product("p1", "Lamp", Day(20));
  const AsKnown before = SalesTenant::AsOf(Day(5));
  const auto groups = [&](const char* dimension, const AsKnown& when) {
    return SalesTenant::Groups(sales.Kpi(v1::KPI_CONVERSION, GroupBy(dimension), when));
  };
  const auto matching = [&](const char* filter, const AsKnown& when) {
    v1::QueryKpiRequest request;
    request.set_filter(filter);
    return Total(sales.Kpi(v1::KPI_CONVERSION, request, when)).denominator();
  };
  EXPECT_THAT(groups("owner", before), ElementsAre("", "Ada"));
  EXPECT_THAT(groups("team", before), ElementsAre("", "North"));
  EXPECT_THAT(groups("organization", before), ElementsAre("", "Acme"));
  EXPECT_THAT(groups("organization.sector", before), ElementsAre("", "retail"));
  EXPECT_THAT(groups("product", before), ElementsAre("", "Lamp"));
  EXPECT_EQ(matching("owner = Ada", before), 1);
  EXPECT_EQ(matching("team = North", before), 1);
  EXPECT_EQ(matching("organization.sector = retail", before), 1);
  EXPECT_EQ(matching("product = Lamp", before), 1);
  // Only among what was known.
  AsKnown not_known = before;
  not_known.known_position = eventstore::Position{unknown};
  EXPECT_THAT(groups("team", not_known), ElementsAre("", "(none)"));
  EXPECT_THAT(groups("organization.sector", not_known), ElementsAre("", "(none)"));
  EXPECT_EQ(matching("team = North", not_known), 0);
  // Another value later changes nothing before; one that was cleared is none from there on.
  sales.MoveToTeam("m1", "South", Day(22));
  EXPECT_THAT(groups("team", before), ElementsAre("", "North"));
  sales.MoveToTeam("m1", "", Day(24));
  EXPECT_EQ(matching("team = North", SalesTenant::AsOf(Day(21))), 1);
  EXPECT_EQ(matching("team = South", SalesTenant::AsOf(Day(23))), 1);
  EXPECT_EQ(matching("team = North", SalesTenant::AsOf(Day(25))), 0);
}

TEST(KpiGroups, TagsOverlapAndTheTotalCountsOnce) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.tags = {"big", "vip"}});
  sales.Open("d2", "New", Day(1), {.tags = {"vip"}});
  sales.Open("d3", "New", Day(1));
  const auto reply = sales.Kpi(v1::KPI_CONVERSION, GroupBy("tag"));
  EXPECT_THAT(SalesTenant::Groups(reply), ElementsAre("", "(none)", "big", "vip"));
  EXPECT_EQ(Total(reply).denominator(), 3);
  EXPECT_EQ(SalesTenant::Result(reply, "vip").denominator(), 2);
  EXPECT_TRUE(reply.policies().groups_overlap());
  const auto exits = sales.Kpi(v1::KPI_EXITS, GroupBy("tag"));
  EXPECT_EQ(SalesTenant::Result(exits, "New").denominator(), 3);
  EXPECT_EQ(SalesTenant::Result(exits, "New", "vip").denominator(), 2);
}

TEST(KpiGroups, LostReasonsAndStages) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Lose("d1", Day(2), "timing");
  sales.Open("d2", "Offer", Day(1));
  sales.Lose("d2", Day(2), "budget");
  sales.Open("d3", "Call", Day(1));
  sales.Win("d3", Day(2));
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_WIN_RATE, GroupBy("lost_reason"))),
              ElementsAre("", "(none)", "budget", "timing"));
  // Stages come in their order, not by label: the one that the deal was lost or won from.
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_WIN_RATE, GroupBy("stage"))),
              ElementsAre("", "New", "Call", "Offer"));
}

TEST(KpiGroups, MonthsQuartersAndWeeksAreCutInTheTenantsZone) {
  SalesTenant sales("America/New_York");
  sales.Open("d1", "New", Day(1) + 3'600'000'000);  // 2016-12-31 20:00 in New York.
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_CONVERSION, GroupBy("month"))),
              ElementsAre("", "2016-12"));
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_CONVERSION, GroupBy("quarter"))),
              ElementsAre("", "2016-Q4"));
  EXPECT_THAT(SalesTenant::Groups(sales.Kpi(v1::KPI_CONVERSION, GroupBy("week"))),
              ElementsAre("", "2016-W52"));
  EXPECT_EQ(sales.Kpi(v1::KPI_CONVERSION).policies().time_zone(), "America/New_York");
}

}  // namespace
}  // namespace dealog::projections
