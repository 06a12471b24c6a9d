// Method: given events / then single deals and lists of them: order, pages, past instants, what
// changed since a position, who is in a stage.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/states/deal_fields.h"
#include "projections/views/queries.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SalesTenant;

// All ids of a list, page by page.
std::vector<std::string> ListAll(const SalesTenant& sales, const std::string& filter,
                                 const std::string& order_by, size_t page_size) {
  std::vector<std::string> ids;
  ListQuery query{.filter = filter, .order_by = order_by, .page = {.size = page_size}};
  do {
    const auto page = ListDeals(sales.views, query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    EXPECT_LE(page->items.size(), page_size);
    for (const v1::Deal& deal : page->items) ids.push_back(deal.deal_id());
    query.page.after = page->next;
  } while (!query.page.after.empty());
  return ids;
}

class DealsQueries : public ::testing::Test {
 protected:
  DealsQueries() {
    sales_.Open("d2", "New", Day(3), {.amount_minor = 50, .expected = "2017-09-01"});
    sales_.Open("d1", "Call", Day(5), {.amount_minor = 70});
    sales_.Open("d3", "New", Day(1), {.expected = "2017-03-01"});
    sales_.Open("d4", "Call", Day(4), {.amount_minor = 60, .expected = "2017-02-01"});
  }
  SalesTenant sales_;
};

TEST_F(DealsQueries, ListsInAnyOrderInPagesOfAnySize) {
  for (const size_t size : {1, 2, 3, 10}) {
    EXPECT_THAT(ListAll(sales_, "", "", size), ElementsAre("d1", "d2", "d3", "d4"));
    EXPECT_THAT(ListAll(sales_, "", "deal_id desc", size), ElementsAre("d4", "d3", "d2", "d1"));
    EXPECT_THAT(ListAll(sales_, "", "create_time", size), ElementsAre("d3", "d2", "d4", "d1"));
    EXPECT_THAT(ListAll(sales_, "", "title", size), ElementsAre("d1", "d2", "d3", "d4"));
    // Those without a value come last, whichever way.
    EXPECT_THAT(ListAll(sales_, "", "amount", size), ElementsAre("d2", "d4", "d1", "d3"));
    EXPECT_THAT(ListAll(sales_, "", "amount desc", size), ElementsAre("d1", "d4", "d2", "d3"));
    EXPECT_THAT(ListAll(sales_, "", "expected_close_date", size),
                ElementsAre("d4", "d3", "d2", "d1"));
    EXPECT_THAT(ListAll(sales_, "stage = New", "", size), ElementsAre("d2", "d3"));
  }
}

TEST_F(DealsQueries, DealsOfOneCommitComeByIdInTheOrderOfUpdates) {
  testing::LoggedEvent logged = sales_.views.log.back();
  logged.event.mutable_deal()->mutable_deal_amount_changed();
  logged.header.set_recorded_at_us(logged.header.recorded_at_us() + 5);
  logged.header.set_revision(2);
  for (const char* id : {"d3", "d1", "d2"}) {
    logged.header.set_position(sales_.Head() + 1);
    logged.header.mutable_stream()->set_id(id);
    sales_.views.Fold(logged, /*settles=*/std::string(id) == "d2");
  }
  for (const size_t size : {1, 2, 3, 10}) {
    EXPECT_THAT(ListAll(sales_, "", "update_time", size), ElementsAre("d4", "d1", "d2", "d3"));
    EXPECT_THAT(ListAll(sales_, "", "update_time desc", size), ElementsAre("d3", "d2", "d1", "d4"));
  }
}

// A literal that fits a field's type, and that no deal here has.
std::string NoDealHas(const states::DealFieldRow& field) {
  switch (states::FilterType(field.kind)) {
    case filter::FieldType::kText:
      return " = nothing";
    case filter::FieldType::kTextList:
      return ":nothing";
    case filter::FieldType::kNumber:
    case filter::FieldType::kBool:
      return " = -1";
    case filter::FieldType::kDate:
    case filter::FieldType::kTime:
      return " = 1990-01-01";
  }
  return "";
}

// A field without a column would match every deal, or stop the program.
TEST_F(DealsQueries, EveryFieldOfTheTableHasItsColumn) {
  for (const states::DealFieldRow& field : states::DealFields()) {
    std::string name(field.name);
    if (field.kind == states::FieldKind::kAttributes) name += "sector";
    SCOPED_TRACE(name);
    if (field.Can(states::kFilterable)) {
      for (const std::string& each :
           {name, std::string(field.old_name), std::string(field.id_name)}) {
        if (each.empty()) continue;
        EXPECT_THAT(ListAll(sales_, each + NoDealHas(field), "", 9), IsEmpty()) << each;
      }
    }
    if (field.Can(states::kSortable)) {
      EXPECT_EQ(ListAll(sales_, "", name, 9).size(), 4u);
    }
    if (!field.Can(states::kGroupable)) continue;
    v1::QueryKpiRequest request;
    request.set_group_by(name);
    EXPECT_GT(sales_.Kpi(v1::KPI_CONVERSION, request).results_size(), 0);
  }
}

TEST_F(DealsQueries, ReferencesMatchByEitherNameAndTheIdAlone) {
  sales_.Member("m1", "Ada", "North", Day(-1));
  sales_.SetOwner("d1", "m1", Day(6));
  EXPECT_THAT(ListAll(sales_, "owner = Ada", "", 9), ElementsAre("d1"));
  EXPECT_THAT(ListAll(sales_, "owner = m1", "", 9), ElementsAre("d1"));
  EXPECT_THAT(ListAll(sales_, "owner_id = m1", "", 9), ElementsAre("d1"));
  EXPECT_THAT(ListAll(sales_, "owner_id = Ada", "", 9), IsEmpty());
  EXPECT_THAT(ListAll(sales_, "last_open_stage = Call", "", 9), ElementsAre("d1", "d4"));
}

TEST_F(DealsQueries, OneDealAtAnyInstant) {
  const uint64_t before = sales_.Head();
  sales_.SetAmount("d1", 90, Day(6));
  sales_.Lose("d1", Day(8), "budget");
  EXPECT_EQ(sales_.Deal("d1").amount().nanos(), 900'000'000);
  EXPECT_EQ(sales_.Deal("d1").lost_reason(), "budget");
  const v1::Deal then = sales_.Deal("d1", SalesTenant::AsOf(Day(7)));
  EXPECT_EQ(then.status(), v1::Deal::OPEN);
  EXPECT_EQ(then.amount().nanos(), 900'000'000);
  EXPECT_EQ(then.etag(), "2");
  const v1::Deal known = sales_.Deal("d1", SalesTenant::KnownAt(before));
  EXPECT_EQ(known.amount().nanos(), 700'000'000);
  EXPECT_EQ(known.etag(), "1");
}

TEST_F(DealsQueries, ContactsAreLinkedAndUnlinked) {
  events::v1::Event linked;
  auto* link = linked.mutable_deal()->mutable_deal_contact_linked()->mutable_link();
  link->set_contact_id("contact_1");
  link->set_role("buyer");
  sales_.views.Append("deal", "d1", linked, Day(6));
  link->set_contact_id("contact_2");
  sales_.views.Append("deal", "d1", linked, Day(6));
  events::v1::Event unlinked;
  unlinked.mutable_deal()->mutable_deal_contact_unlinked()->set_contact_id("contact_1");
  sales_.views.Append("deal", "d1", unlinked, Day(7));
  ASSERT_EQ(sales_.Deal("d1").contacts_size(), 1);
  EXPECT_EQ(sales_.Deal("d1").contacts(0).contact_id(), "contact_2");
  EXPECT_EQ(sales_.Deal("d1", SalesTenant::AsOf(Day(7))).contacts_size(), 2);
}

TEST_F(DealsQueries, WhatChangedSinceAPositionComesOldestChangeFirst) {
  const uint64_t before = sales_.Head();
  sales_.SetAmount("d3", 5, Day(6));
  sales_.Move("d1", "Offer", Day(6));
  sales_.SetAmount("d3", 6, Day(7));
  const auto ids = [&](uint64_t after, size_t limit) {
    std::vector<std::string> changed;
    const auto deals = DealsChangedAfter(sales_.views, "Sales", {after}, limit);
    EXPECT_TRUE(deals.ok()) << deals.status();
    for (const v1::Deal& deal : *deals) changed.push_back(deal.deal_id());
    return changed;
  };
  EXPECT_THAT(ids(before, 10), ElementsAre("d1", "d3"));
  EXPECT_THAT(ids(before, 1), ElementsAre("d1"));
  EXPECT_THAT(ids(sales_.Head(), 10), IsEmpty());
}

TEST_F(DealsQueries, DealsInAStage) {
  sales_.Move("d2", "Call", Day(6));
  EXPECT_THAT(*DealsInStage(sales_.views, "stage_Call", 10), ElementsAre("d4", "d1", "d2"));
  EXPECT_THAT(*DealsInStage(sales_.views, "stage_Call", 2), ElementsAre("d4", "d1"));
  EXPECT_THAT(*DealsInStage(sales_.views, "stage_Nowhere", 2), IsEmpty());
}

}  // namespace
}  // namespace dealog::projections
