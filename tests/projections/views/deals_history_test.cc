// Method: given the story of a deal, then the intervals of each field at any horizon; and, over
// random histories, that a field's history agrees with the deal as of every instant.

#include "projections/views/deals_history.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/deals_message.h"
#include "projections/views/instants.h"
#include "tests/support/random_deals.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using testing::FoldedTenant;
using ::testing::HasSubstr;
using testing::LoggedEvent;
using testing::RandomDeals;
using testing::SalesTenant;

std::vector<FieldInterval> Intervals(const FoldedTenant& views, const std::string& deal,
                                     std::string_view field, const AsKnown& when = {}) {
  const absl::StatusOr<DealsSnapshot> snapshot = DealsSnapshot::MakeForOne(views, when, Day(1000));
  DEALOG_CHECK_OK(snapshot);
  absl::StatusOr<std::vector<FieldInterval>> intervals =
      FieldIntervals(*snapshot, *snapshot->view().Find(deal), field);
  DEALOG_CHECK_OK(intervals);
  return *std::move(intervals);
}

// "value day-day", days from Day(1).
std::vector<std::string> Told(const SalesTenant& sales, std::string_view field,
                              const AsKnown& when = {}) {
  std::vector<std::string> told;
  const auto day = [](int64_t at) {
    return at == kNever ? "" : absl::StrCat((at - Day(0)) / 86'400'000'000);
  };
  for (const FieldInterval& each : Intervals(sales.views, "d1", field, when)) {
    told.push_back(absl::StrCat(each.value, " ", day(each.start_us), "-", day(each.end_us)));
  }
  return told;
}

TEST(DealsHistory, FollowsEveryField) {
  SalesTenant sales;
  sales.Member("m1", "Ada", "North", Day(-5));
  sales.Product("p1", "Suite", Day(-5));
  sales.Organization("o1", "Acme", "", Day(-5));
  sales.Open("d1", "New", Day(1),
             {.owner = "m1", .organization = "o1", .product = "p1", .tags = {"b"}});
  sales.Move("d1", "Offer", Day(2));
  sales.SetAmount("d1", 123450, Day(3));
  sales.SetOwner("d1", "m2", Day(4));
  sales.SetExpected("d1", "2017-03-01", Day(5));
  sales.Tag("d1", "a", Day(6));
  sales.Untag("d1", "b", Day(7));
  events::v1::Event link;
  link.mutable_deal()->mutable_deal_contact_linked()->mutable_link()->set_contact_id("c1");
  link.mutable_deal()->mutable_deal_contact_linked()->mutable_link()->set_role("buyer");
  sales.views.Append("deal", "d1", link, Day(8));
  sales.Lose("d1", Day(9), "too dear");
  sales.Reopen("d1", "New", events::v1::REOPEN_MODE_NEW_CYCLE, Day(10));
  EXPECT_THAT(Told(sales, "stage"), ElementsAre("New 1-2", "Offer 2-9", "Lost 9-10", "New 10-"));
  EXPECT_THAT(Told(sales, "stage_id"),
              ElementsAre("stage_New 1-2", "stage_Offer 2-9", "stage_Lost 9-10", "stage_New 10-"));
  EXPECT_THAT(Told(sales, "status"), ElementsAre("OPEN 1-9", "LOST 9-10", "OPEN 10-"));
  EXPECT_THAT(Told(sales, "lost_reason"), ElementsAre(" 1-9", "too dear 9-10", " 10-"));
  EXPECT_THAT(Told(sales, "cycle"), ElementsAre("1 1-10", "2 10-"));
  EXPECT_THAT(Told(sales, "owner"), ElementsAre("Ada 1-4", "m2 4-"));
  EXPECT_THAT(Told(sales, "owner_id"), ElementsAre("m1 1-4", "m2 4-"));
  EXPECT_THAT(Told(sales, "title"), ElementsAre("Title of d1 1-"));
  EXPECT_THAT(Told(sales, "amount"), ElementsAre(" 1-3", "1234.50 EUR 3-"));
  EXPECT_THAT(Told(sales, "expected_close_date"), ElementsAre(" 1-5", "2017-03-01 5-"));
  EXPECT_THAT(Told(sales, "source"), ElementsAre(" 1-"));
  EXPECT_THAT(Told(sales, "organization"), ElementsAre("Acme 1-"));
  EXPECT_THAT(Told(sales, "organization_id"), ElementsAre("o1 1-"));
  EXPECT_THAT(Told(sales, "product"), ElementsAre("Suite 1-"));
  EXPECT_THAT(Told(sales, "product_id"), ElementsAre("p1 1-"));
  EXPECT_THAT(Told(sales, "tags"), ElementsAre("b 1-6", "a, b 6-7", "a 7-"));
  EXPECT_THAT(Told(sales, "contacts"), ElementsAre(" 1-8", "c1 (buyer) 8-"));
}

TEST(DealsHistory, WhatIsUndoneOrVoidedNeverWas) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  sales.Win("d1", Day(2));
  sales.Undo("d1", Day(3));
  EXPECT_THAT(Told(sales, "status"), ElementsAre("OPEN 1-"));
  sales.Win("d1", Day(4));
  sales.VoidClose("d1", Day(5), "Call");
  EXPECT_THAT(Told(sales, "status"), ElementsAre("OPEN 1-"));
  EXPECT_THAT(Told(sales, "stage"), ElementsAre("New 1-5", "Call 5-"));
  // It was known as won until it was undone.
  EXPECT_THAT(Told(sales, "status", SalesTenant::KnownAt(4)), ElementsAre("OPEN 1-2", "WON 2-"));
}

TEST(DealsHistory, BackDatedValuesStandAtTheirPlaceOnceTheyAreKnown) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.owner = "a"});
  sales.SetOwner("d1", "c", Day(20));
  const uint64_t before = sales.Head();
  sales.SetOwner("d1", "b", Day(10));
  EXPECT_THAT(Told(sales, "owner"), ElementsAre("a 1-10", "b 10-20", "c 20-"));
  EXPECT_THAT(Told(sales, "owner", SalesTenant::KnownAt(before)), ElementsAre("a 1-20", "c 20-"));
  EXPECT_THAT(Told(sales, "owner", SalesTenant::AsOf(Day(15))), ElementsAre("a 1-10", "b 10-"));
  // The same value as its neighbour is no change; of one instant the last one holds.
  sales.SetOwner("d1", "b", Day(12));
  sales.SetOwner("d1", "x", Day(20));
  EXPECT_THAT(Told(sales, "owner"), ElementsAre("a 1-10", "b 10-20", "x 20-"));
}

TEST(DealsHistory, RefusesWhatIsNoField) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  const auto snapshot = DealsSnapshot::MakeForOne(sales.views, {}, Day(2));
  for (const char* field : {"colour", "amount_id", ""}) {
    const absl::Status refused = FieldIntervals(*snapshot, 0, field).status();
    EXPECT_EQ(base::ReasonOf(refused), "FIELD_INVALID");
    EXPECT_THAT(std::string(refused.message()), HasSubstr("expected_close_date"));
  }
}

// The value of a field as the deal's message has it.
std::string Shown(const v1::Deal& deal, std::string_view field) {
  if (field == "title") return deal.title();
  if (field == "stage") return deal.stage();
  if (field == "status") return v1::Deal::Status_Name(deal.status());
  if (field == "cycle") return absl::StrCat(deal.cycle());
  if (field == "lost_reason") return deal.lost_reason();
  if (field == "owner_id") return deal.owner_id();
  if (field == "organization") return deal.organization();
  if (field == "source") return deal.source();
  if (field == "tags") return absl::StrJoin(deal.tags(), ", ");
  const events::v1::Date& date = deal.expected_close_date();
  return date.year() == 0 ? "" : DateText(date);
}

TEST(DealsHistory, AgreesWithTheDealAsOfEveryInstant) {
  FoldedTenant tenant;
  std::vector<std::string> deals;
  RandomDeals generator(
      {.deals = 25, .seed = 5, .active = 5, .events_per_deal = 30, .strange = 0.3});
  generator.Generate([&](const LoggedEvent& logged) {
    tenant.Fold(logged);
    if (logged.event.deal().has_deal_opened()) deals.push_back(logged.header.stream().id());
  });
  std::mt19937_64 random(5);
  size_t compared = 0;
  for (const std::string& deal : deals) {
    for (const char* field : {"title", "stage", "status", "cycle", "lost_reason", "owner_id",
                              "organization", "source", "tags", "expected_close_date"}) {
      const auto known = eventstore::Position{tenant.position().value * (50 + random() % 51) / 100};
      const auto snapshot = DealsSnapshot::MakeForOne(tenant, {.known_position = known}, Day(1000));
      const std::vector<FieldInterval> intervals =
          *FieldIntervals(*snapshot, *snapshot->view().Find(deal), field);
      for (size_t i = 0; i < intervals.size(); ++i) {
        ASSERT_LT(intervals[i].start_us, intervals[i].end_us);
        if (i > 0) {
          ASSERT_EQ(intervals[i - 1].end_us, intervals[i].start_us);
          ASSERT_NE(intervals[i - 1].value, intervals[i].value);
        }
        // as_of is exclusive: the instant after the start shows the value, the end's still does.
        for (const int64_t as_of : {intervals[i].start_us + 1, intervals[i].end_us}) {
          AsKnown when{.known_position = known};
          if (as_of != kNever) when.as_of_us = as_of;
          const auto shown = GetDeal(tenant, deal, when, Day(1000));
          ASSERT_TRUE(shown.ok()) << shown.status();
          EXPECT_EQ(Shown(*shown, field), intervals[i].value) << deal << " " << field;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 1000u);
}

}  // namespace
}  // namespace dealog::projections
