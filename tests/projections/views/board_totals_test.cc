// Method: random histories; at every so many positions the whole board, which the indexes answer,
// is the board by a scan of all deals (a filter that all of them match), by stage and by decision
// month, before and after a restart. The same for who changed last, for the deals of a stage, for
// those of every posted value, for who matches a filter, and for pages of lists and columns.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/board_columns.h"
#include "projections/views/deals_filter.h"
#include "projections/views/deals_order.h"
#include "projections/views/deals_view.h"
#include "projections/views/queries.h"
#include "tests/support/random_deals.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::ElementsAre;
using testing::FoldedTenant;
using testing::LoggedEvent;
using testing::RandomDeals;
using testing::RandomDealsOptions;
using testing::SalesTenant;

constexpr char kAllDeals[] = "NOT deal_id = \"nobody\"";

std::string BoardOf(const TenantViews& views, v1::BoardColumnBy by, const std::string& filter,
                    int32_t cards, int64_t now_us) {
  v1::GetBoardRequest request;
  request.set_pipeline("Sales");
  request.set_column_by(by);
  request.set_filter(filter);
  request.set_cards_per_column(cards);
  const auto board = GetBoard(views, request, {}, now_us);
  EXPECT_TRUE(board.ok()) << board.status();
  return board.ok() ? board->DebugString() : "";
}

// Indexes and scan, at some instant around the log's end.
void ExpectTotalsOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  const auto days = static_cast<int64_t>(random() % 200) - 100;
  const int64_t now_us = tenant.recorded_at_us() + days * 86'400'000'000;
  const auto cards = static_cast<int32_t>(random() % 4);
  for (const auto by : {v1::BOARD_COLUMN_BY_STAGE, v1::BOARD_COLUMN_BY_DECISION_MONTH}) {
    ASSERT_EQ(BoardOf(tenant, by, "", cards, now_us),
              BoardOf(tenant, by, kAllDeals, cards, now_us));
  }
}

const DealsView& DealsOf(const FoldedTenant& tenant) { return **tenant.Get<DealsView>(kDealsView); }

void ExpectChangesOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  const FactTable& table = DealsOf(tenant).table();
  const uint64_t after = random() % (tenant.position().value + 1);
  std::map<uint64_t, std::string> expected;
  for (DealIndex deal = 0; deal < table.deal_count(); ++deal) {
    if (table.last_position[deal] <= after) continue;
    expected[table.last_position[deal]] = std::string(DealsOf(tenant).Id(deal));
  }
  const auto changed = DealsChangedAfter(tenant, "Sales", {after}, 20);
  ASSERT_TRUE(changed.ok()) << changed.status();
  ASSERT_EQ(changed->size(), std::min<size_t>(expected.size(), 20));
  auto next = expected.begin();
  for (const v1::Deal& deal : *changed) ASSERT_EQ(deal.deal_id(), (next++)->second);
}

void ExpectStagesOfAScan(const FoldedTenant& tenant) {
  const DealsView& view = DealsOf(tenant);
  std::map<Symbol, std::set<std::string>> expected;
  for (DealIndex deal = 0; deal < view.table().deal_count(); ++deal) {
    expected[view.table().standing.stage[deal]].insert(std::string(view.Id(deal)));
  }
  for (const auto& [stage, ids] : expected) {
    const auto found = DealsInStage(tenant, view.symbols().Text(stage), 1'000'000);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_EQ(std::set<std::string>(found->begin(), found->end()), ids);
    ASSERT_EQ(found->size(), ids.size());
  }
}

using ValueAndDeal = std::pair<uint32_t, DealIndex>;

// Everything that is posted of the field.
std::set<ValueAndDeal> PostedNow(const DealPostings& postings, Posted field) {
  std::set<ValueAndDeal> posted;
  postings.ForEach(field, [&](uint32_t value, const DealSet& deals) {
    EXPECT_FALSE(deals.empty());
    deals.ForEach([&](DealIndex deal) { posted.insert({value, deal}); });
  });
  return posted;
}

void ExpectPostingsOfAScan(const FoldedTenant& tenant) {
  const FactTable& table = DealsOf(tenant).table();
  const auto expect = [&](Posted field, auto number_of) {
    std::set<ValueAndDeal> expected;
    for (DealIndex deal = 0; deal < table.deal_count(); ++deal) {
      if (number_of(deal) != 0) expected.insert({number_of(deal), deal});
    }
    ASSERT_EQ(PostedNow(table.indexes()->postings(), field), expected)
        << "field " << static_cast<int>(field);
  };
  const auto latest = [&](DealField field) {
    return [&table, field](DealIndex deal) { return table.Latest(deal, field, kNever).symbol(); };
  };
  expect(Posted::kOwner, latest(DealField::kOwner));
  expect(Posted::kSource, latest(DealField::kSource));
  expect(Posted::kOrganization, latest(DealField::kOrganization));
  expect(Posted::kProduct, latest(DealField::kProduct));
  expect(Posted::kPipeline, [&](DealIndex deal) { return table.pipeline[deal]; });
  expect(Posted::kStage, [&](DealIndex deal) { return table.standing.stage[deal]; });
  expect(Posted::kLastOpenStage,
         [&](DealIndex deal) { return table.standing.last_open_stage[deal]; });
  expect(Posted::kStatus,
         [&](DealIndex deal) { return StatusNumber(table.standing.outcome[deal]); });
  expect(Posted::kLostReason, [&](DealIndex deal) { return table.standing.reason[deal]; });
  std::set<ValueAndDeal> tags;
  for (DealIndex deal = 0; deal < table.deal_count(); ++deal) {
    const FieldValue set = table.Latest(deal, DealField::kTags, kNever);
    for (const Symbol tag : table.TagSet(set)) tags.insert({tag, deal});
  }
  ASSERT_EQ(PostedNow(table.indexes()->postings(), Posted::kTags), tags);
}

// A filter of random terms: posted ones, by id and by name, and others.
std::string RandomFilter(std::mt19937_64& random, int depth) {
  static constexpr const char* kTerms[] = {
      "owner = member_1",
      "owner = \"Member 2\"",
      "owner != member_3",
      "owner_id = member_4",
      "owner_id = \"Member 4\"",
      "owner:*",
      "owner:Member",
      "team = \"Team 1\"",
      "region = \"Region 1\"",
      "organization = org_3",
      "organization = \"Organization 4\"",
      "organization.sector = \"Sector 2\"",
      "organization.size > 80",
      "product = \"Product 1\"",
      "source = web",
      "source >= fair",
      "tags:vip",
      "tags:*",
      "tags:nobody",
      "status = OPEN",
      "status != OPEN",
      "lost_reason = budget",
      "stage = stage_1",
      "stage_id = stage_2",
      "last_open_stage = stage_3",
      "pipeline = Sales",
      "pipeline = Elsewhere",
      "amount > 4000",
      "currency = EUR",
      "expected_close_date < 2017-06-01",
      "title:\"1\"",
      "cycle > 1",
      "deal_id > deal_140000000",
      "close_time:*",
  };
  if (depth == 0 || random() % 3 == 0) return kTerms[random() % std::size(kTerms)];
  const std::string a = RandomFilter(random, depth - 1);
  if (random() % 5 == 0) return "NOT (" + a + ")";
  return "(" + a + (random() % 2 == 0 ? ") AND (" : ") OR (") + RandomFilter(random, depth - 1) +
         ")";
}

// Who matches by candidates, and by a scan.
void ExpectMatchesOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  auto snapshot = DealsSnapshot::Make(tenant, {}, tenant.recorded_at_us());
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  for (int i = 0; i < 4; ++i) {
    const std::string text = RandomFilter(random, 3);
    const auto filter = DealFilter::Compile(text, snapshot->tenant());
    ASSERT_TRUE(filter.ok()) << text << ": " << filter.status();
    const std::string_view pipeline = random() % 2 == 0 ? "" : RandomDeals::kPipeline;
    DealMarks marks = ExistingDeals(*snapshot, pipeline);
    filter->Narrow(*snapshot, marks);
    std::vector<DealIndex> expected;
    MatchedDeals(marks).ForEach([&](DealIndex deal) { expected.push_back(deal); });
    std::vector<DealIndex> matched;
    const absl::StatusOr<MatchedDeals> found = filter->Match(*snapshot, pipeline);
    ASSERT_TRUE(found.ok()) << found.status();
    found->ForEach([&](DealIndex deal) { matched.push_back(deal); });
    ASSERT_EQ(matched, expected) << text;
  }
}

// Ids of all pages.
template <typename Ask>
std::vector<std::string> PagesOf(size_t size, Ask ask) {
  std::vector<std::string> ids;
  PageRequest page{.size = size};
  do {
    const absl::StatusOr<Page<v1::Deal>> answer = ask(page);
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) break;
    EXPECT_LE(answer->items.size(), size);
    for (const v1::Deal& deal : answer->items) ids.push_back(deal.deal_id());
    page.after = answer->next;
  } while (!page.after.empty());
  return ids;
}

std::vector<std::string> IdsInOrder(const DealsView& view, std::vector<DealIndex> deals,
                                    const std::function<int64_t(DealIndex)>& number_of,
                                    bool by_title, bool descending) {
  const auto key = [&](DealIndex deal) {
    return std::make_tuple(number_of(deal), by_title ? view.table().title[deal] : std::string(),
                           std::string(view.Id(deal)));
  };
  std::sort(deals.begin(), deals.end(), [&](DealIndex a, DealIndex b) {
    return descending ? key(b) < key(a) : key(a) < key(b);
  });
  std::vector<std::string> ids;
  for (const DealIndex deal : deals) ids.emplace_back(view.Id(deal));
  return ids;
}

// Half of the time without a filter.
std::vector<DealIndex> SomeDeals(const FoldedTenant& tenant, std::mt19937_64& random,
                                 std::string& filter_text) {
  const auto snapshot = DealsSnapshot::Make(tenant, {}, tenant.recorded_at_us());
  if (random() % 2 == 0) filter_text = RandomFilter(random, 2);
  DealMarks marks = ExistingDeals(*snapshot, {});
  DealFilter::Compile(filter_text, snapshot->tenant())->Narrow(*snapshot, marks);
  std::vector<DealIndex> deals;
  MatchedDeals(marks).ForEach([&](DealIndex deal) { deals.push_back(deal); });
  return deals;
}

void ExpectListOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  const FactTable& table = DealsOf(tenant).table();
  const bool descending = random() % 2 == 0;
  const auto latest = [&](DealField field) {
    return [&table, field, descending](DealIndex deal) {
      const FieldValue value = table.Latest(deal, field, kNever);
      return value.set() ? value.value : descending ? INT64_MIN : INT64_MAX;
    };
  };
  const std::vector<std::pair<std::string, std::function<int64_t(DealIndex)>>> orders = {
      {"deal_id", [](DealIndex) { return 0; }},
      {"title", [](DealIndex) { return 0; }},
      {"create_time", [&](DealIndex deal) { return table.opened_us[deal]; }},
      {"update_time", [&](DealIndex deal) { return table.updated_us[deal]; }},
      {"amount", latest(DealField::kAmount)},
      {"expected_close_date", latest(DealField::kExpectedClose)},
  };
  const auto& [name, number_of] = orders[random() % orders.size()];
  ListQuery query{.order_by = name + (descending ? " desc" : "")};
  const std::vector<DealIndex> deals = SomeDeals(tenant, random, query.filter);
  const size_t size = 1 + random() % (1 + deals.size() / 2);
  ASSERT_EQ(PagesOf(size,
                    [&](const PageRequest& page) {
                      query.page = page;
                      return ListDeals(tenant, query);
                    }),
            IdsInOrder(DealsOf(tenant), deals, number_of, name == "title", descending))
      << query.order_by << ", " << size << " a page, " << query.filter;
}

void ExpectColumnOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  const DealsView& view = DealsOf(tenant);
  v1::ListColumnCardsRequest request;
  request.set_pipeline("Sales");
  request.set_column(RandomDeals::OpenStage(static_cast<int>(random() % 5)));
  if (random() % 4 == 0) request.set_column("stage_won");
  std::vector<DealIndex> deals = SomeDeals(tenant, random, *request.mutable_filter());
  std::erase_if(deals, [&](DealIndex deal) {
    return view.symbols().Text(view.table().standing.stage[deal]) != request.column();
  });
  const size_t size = 1 + random() % (1 + deals.size());
  ASSERT_EQ(PagesOf(size,
                    [&](const PageRequest& page) {
                      return ListColumnCards(tenant, request, {}, tenant.recorded_at_us(), page);
                    }),
            IdsInOrder(
                view, deals, [&](DealIndex deal) { return view.table().standing.entered_us[deal]; },
                false, false))
      << request.DebugString();
}

// The cards of a column by decision month are those that the board says it has, oldest first.
void ExpectMonthOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  const DealsView& view = DealsOf(tenant);
  const int64_t now_us =
      tenant.recorded_at_us() - static_cast<int64_t>(random() % 200) * 86'400'000'000;
  v1::ListColumnCardsRequest request;
  request.set_pipeline("Sales");
  request.set_column_by(v1::BOARD_COLUMN_BY_DECISION_MONTH);
  request.set_column(random() % 2 == 0 ? "OVERDUE" : "2017-06");
  const auto pages = [&](size_t size) {
    return PagesOf(size, [&](const PageRequest& page) {
      return ListColumnCards(tenant, request, {}, now_us, page);
    });
  };
  const std::vector<std::string> by_indexes = pages(1 + random() % 5);
  request.set_filter(kAllDeals);
  ASSERT_EQ(by_indexes, pages(view.deal_count() + 1)) << request.DebugString();
}

void ExpectAllOfAScan(const FoldedTenant& tenant, std::mt19937_64& random) {
  ExpectMonthOfAScan(tenant, random);
  ExpectListOfAScan(tenant, random);
  ExpectColumnOfAScan(tenant, random);
  ExpectTotalsOfAScan(tenant, random);
  ExpectChangesOfAScan(tenant, random);
  ExpectStagesOfAScan(tenant);
  ExpectPostingsOfAScan(tenant);
  ExpectMatchesOfAScan(tenant, random);
}

void CompareAlong(const RandomDealsOptions& options, size_t every) {
  FoldedTenant tenant;
  std::map<std::string, testing::RowMap> rows;
  std::mt19937_64 random(options.seed);
  size_t events = 0;
  RandomDeals(options).Generate([&](const LoggedEvent& logged) {
    // Commits of several events: columns follow at their ends only.
    const bool settles = random() % 3 != 0;
    tenant.Fold(logged, settles);
    ++events;
    if (!settles || events % every != 0 || ::testing::Test::HasFatalFailure()) return;
    if (!GetPipeline(tenant, "Sales", {}).ok()) return;  // The history begins before it.
    ExpectAllOfAScan(tenant, random);
    for (auto& [view, changed] : tenant.FlushRows()) {
      for (auto& [key, value] : changed.rows) rows[view].rows[key] = value;
    }
  });
  for (const std::string view : {"deals", "pipelines", "tenant"}) tenant.View(view).CommitDone();
  ExpectAllOfAScan(tenant, random);
  for (auto& [view, changed] : tenant.FlushRows()) {
    for (auto& [key, value] : changed.rows) rows[view].rows[key] = value;
  }
  FoldedTenant restarted;
  restarted.LoadRows(rows, tenant);
  for (int i = 0; i < 20; ++i) ExpectAllOfAScan(restarted, random);
}

TEST(BoardTotals, AreThoseOfAScanAtEveryPosition) {
  for (const uint64_t seed : {1, 2, 3}) {
    CompareAlong({.deals = 40,
                  .seed = seed,
                  .active = 10,
                  .events_per_deal = 20,
                  .strange = 0.3,
                  .catalogue_changes = 0.1},
                 1);
  }
}

TEST(BoardTotals, AreThoseOfAScanWithManyDeals) {
  // More than an order's chunk holds, and more than a load takes one by one.
  CompareAlong({.deals = 2500, .seed = 4, .active = 200, .events_per_deal = 8}, 997);
}

TEST(BoardTotals, AStageIsWeighedAnewWhenItsChanceChanges) {
  SalesTenant sales;
  sales.Open("d1", "Offer", Day(1), {.amount_minor = 1});
  sales.Open("d2", "Offer", Day(1), {.amount_minor = 3});
  EXPECT_EQ(sales.Column("Offer").totals(0).weighted_minor(), 3);  // 0.5 and 1.5, both rounded.
  events::v1::PipelineEvent change;
  change.mutable_stage_probability_changed()->set_stage_id("stage_Offer");
  change.mutable_stage_probability_changed()->set_probability(1);
  sales.ChangePipeline(change, Day(2));
  EXPECT_EQ(sales.Column("Offer").totals(0).weighted_minor(), 4);
  sales.SetAmount("d2", 10, Day(3));
  EXPECT_EQ(sales.Column("Offer").totals(0).weighted_minor(), 11);
}

TEST(BoardTotals, ACurrencyLeavesWithItsLastDeal) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.amount_minor = 5});
  sales.Open("d2", "New", Day(1), {.amount_minor = 0, .currency = "USD"});
  EXPECT_EQ(sales.Column("New").totals_size(), 2);
  sales.SetAmount("d1", -1, Day(2));
  ASSERT_EQ(sales.Column("New").totals_size(), 1);
  EXPECT_EQ(sales.Column("New").totals(0).currency_code(), "USD");
  sales.SetAmount("d2", -1, Day(2));
  EXPECT_EQ(sales.Column("New").totals_size(), 0);
}

TEST(BoardTotals, DealsOfOneInstantAreNotPassedOnceTheCardsAreFull) {
  SalesTenant sales;
  for (const char* id : {"d3", "d1", "d2", "d4"}) sales.Open(id, "New", Day(1));
  const auto snapshot = DealsSnapshot::Make(sales.views, {}, Day(2));
  FirstCards cards(*snapshot, 2);
  std::vector<DealIndex> offered;
  snapshot->indexes()->pipelines().begin()->second.stages.begin()->second.deals().ForEach(
      [&](const OrderedDeals::Entry& entry) {
        offered.push_back(entry.deal);
        return cards.Offer(entry.deal, entry.at_us);
      });
  EXPECT_THAT(offered, ElementsAre(1, 2, 0)) << "by id, and one that tells that they are full";
  EXPECT_EQ(sales.Column("New").cards(0).deal_id(), "d1");
}

}  // namespace
}  // namespace dealog::projections
