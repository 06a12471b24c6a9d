// Method: random histories of a few long deals, folded event by event in commits of random size. At
// every commit the table says what a fold of the whole tapes from their start says, and every so
// often what a naive reading of the events says; rows give the same table back.

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "projections/views/deals_view.h"
#include "tests/projections/views/naive_facts.h"
#include "tests/support/folded_tenant.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

using testing::LoggedEvent;
using testing::RandomDeals;
using testing::RowMap;

constexpr int64_t kDayUs = 86'400'000'000;

std::vector<LoggedEvent> RandomLog(uint64_t seed) {
  std::vector<LoggedEvent> log;
  std::mt19937_64 random(seed);
  RandomDeals deals({.deals = 4,
                     .seed = seed,
                     .active = 3,
                     .events_per_deal = 250,
                     .strange = seed % 2 == 0 ? 0.05 : 0.3});
  deals.Generate([&](const LoggedEvent& logged) {
    if (!logged.event.has_deal()) return;
    log.push_back(logged);
    events::v1::DealEvent& event = *log.back().event.mutable_deal();
    log.back().header.mutable_actor()->set_principal("user:" + std::to_string(random() % 3));
    // Contacts, which the generator does not know.
    if (!event.has_deal_details_changed() || random() % 2 == 0) return;
    const std::string contact = "contact_" + std::to_string(random() % 4);
    if (random() % 3 == 0) {
      event.mutable_deal_contact_unlinked()->set_contact_id(contact);
    } else {
      event.mutable_deal_contact_linked()->mutable_link()->set_contact_id(contact);
      event.mutable_deal_contact_linked()->mutable_link()->set_role(std::to_string(random() % 3));
    }
  });
  return log;
}

std::vector<std::string> Texts(const DealsView& view, const std::vector<Symbol>& tags) {
  std::vector<std::string> texts;
  for (const Symbol tag : tags) texts.emplace_back(view.symbols().Text(tag));
  return texts;
}

// Codes of tag sets are each table's own.
AttributeValues WithoutTags(AttributeValues values) {
  values[NumberOf(DealField::kTags)] &= kSetLater;
  return values;
}
std::vector<Symbol> TagsOf(const FactTable& table, const AttributeValues& values) {
  return table.TagSet({.value = values[NumberOf(DealField::kTags)] & ~kSetLater});
}
void ExpectSameAttributes(const FactTable& a, const AttributeValues& of_a, const FactTable& b,
                          const AttributeValues& of_b) {
  EXPECT_EQ(WithoutTags(of_a), WithoutTags(of_b));
  EXPECT_EQ(TagsOf(a, of_a), TagsOf(b, of_b));
}

void ExpectSameValue(const FactTable& a, const FactTable& b, DealField field, FieldValue of_a,
                     FieldValue of_b) {
  if (field == DealField::kTags) {
    EXPECT_EQ(a.TagSet(of_a), b.TagSet(of_b));
    return;
  }
  EXPECT_EQ(of_a.value, of_b.value);
  EXPECT_EQ(of_a.currency, of_b.currency);
}

void ExpectSameRows(const FactTable& a, const FactTable& b, DealIndex deal) {
  EXPECT_TRUE(std::ranges::equal(a.VisitsOf(deal), b.VisitsOf(deal)));
  EXPECT_TRUE(std::ranges::equal(a.SpansOf(deal), b.SpansOf(deal)));
  ASSERT_EQ(a.VisitAttributesOf(deal).size(), b.VisitsOf(deal).size());
  ASSERT_EQ(b.VisitAttributesOf(deal).size(), b.VisitsOf(deal).size());
  for (size_t i = 0; i < b.VisitsOf(deal).size(); ++i) {
    ExpectSameAttributes(a, a.VisitAttributesOf(deal)[i], b, b.VisitAttributesOf(deal)[i]);
  }
  ASSERT_EQ(a.SpanAttributesOf(deal).size(), b.SpansOf(deal).size());
  ASSERT_EQ(b.SpanAttributesOf(deal).size(), b.SpansOf(deal).size());
  for (size_t i = 0; i < b.SpansOf(deal).size(); ++i) {
    const SpanAttributes& of_a = a.SpanAttributesOf(deal)[i];
    const SpanAttributes& of_b = b.SpanAttributesOf(deal)[i];
    ExpectSameAttributes(a, of_a.opened, b, of_b.opened);
    ExpectSameAttributes(a, of_a.closed, b, of_b.closed);
  }
}

void ExpectSameDeal(const FactTable& a, const FactTable& b, DealIndex deal,
                    std::mt19937_64& random) {
  EXPECT_EQ(a.opened_us[deal], b.opened_us[deal]);
  EXPECT_EQ(a.pipeline[deal], b.pipeline[deal]);
  EXPECT_EQ(a.changing[deal], b.changing[deal]);
  EXPECT_EQ(a.revision[deal], b.revision[deal]);
  EXPECT_EQ(a.last_position[deal], b.last_position[deal]);
  EXPECT_EQ(a.updated_us[deal], b.updated_us[deal]);
  EXPECT_EQ(a.last_occurred_us[deal], b.last_occurred_us[deal]);
  EXPECT_EQ(a.title[deal], b.title[deal]);
  EXPECT_EQ(a.external_key[deal], b.external_key[deal]);
  EXPECT_EQ(a.standing.stage[deal], b.standing.stage[deal]);
  EXPECT_EQ(a.standing.entered_us[deal], b.standing.entered_us[deal]);
  EXPECT_EQ(a.standing.closed_us[deal], b.standing.closed_us[deal]);
  EXPECT_EQ(a.standing.outcome[deal], b.standing.outcome[deal]);
  EXPECT_EQ(a.standing.last_open_stage[deal], b.standing.last_open_stage[deal]);
  EXPECT_EQ(a.standing.reason[deal], b.standing.reason[deal]);
  EXPECT_EQ(a.standing.cycle[deal], b.standing.cycle[deal]);
  ExpectSameRows(a, b, deal);
  for (size_t number = 0; number < kDealFieldCount; ++number) {
    const auto field = static_cast<DealField>(number);
    if (field == DealField::kTitle || field == DealField::kClosedStage) continue;
    ExpectSameValue(a, b, field, a.Latest(deal, field, kNever), b.Latest(deal, field, kNever));
    const int64_t instant =
        RandomDeals::kStartUs + static_cast<int64_t>(random() % 370'000) * kDayUs / 1000;
    const int64_t as_of = instant + static_cast<int64_t>(random() % 100 - 50) * kDayUs;
    ExpectSameValue(a, b, field, a.At(deal, field, instant, as_of),
                    b.At(deal, field, instant, as_of));
  }
}

// What single deals say at any horizon, without the table.
void ExpectSameFacts(const DealsView& view, DealIndex deal) {
  DealFacts scratch;
  const DealFacts& kept = view.FindFacts(deal, {}, scratch);
  DealFacts anew;
  view.FactsOf(deal, {}, anew);
  EXPECT_EQ(kept.title, anew.title);
  EXPECT_EQ(kept.standing, anew.standing);
  EXPECT_EQ(kept.Tags(), anew.Tags());
  EXPECT_EQ(kept.Contacts(), anew.Contacts());
}

void ExpectNaive(const DealsView& view, const naive::Facts& facts) {
  const FactTable& table = view.table();
  const auto text = [&view](Symbol symbol) { return std::string(view.symbols().Text(symbol)); };
  for (DealIndex deal = 0; deal < view.deal_count(); ++deal) {
    const naive::Deal& expected = facts.deals.at(std::string(view.Id(deal)));
    EXPECT_EQ(text(table.standing.stage[deal]), expected.stage);
    std::vector<naive::Visit> visits;
    for (const naive::Visit& visit : facts.visits) {
      if (visit.deal == view.Id(deal)) visits.push_back(visit);
    }
    ASSERT_EQ(table.VisitsOf(deal).size(), visits.size());
    for (size_t i = 0; i < visits.size(); ++i) {
      const Visit& visit = table.VisitsOf(deal)[i];
      EXPECT_EQ(text(visit.stage), visits[i].stage);
      EXPECT_EQ(visit.entered_us, visits[i].entered);
      EXPECT_EQ(visit.exited_us, visits[i].exited.value_or(kNever));
      EXPECT_EQ(visit.cycle, visits[i].cycle);
      const AttributeValues& values = table.VisitAttributesOf(deal)[i];
      const auto value = [&values](DealField field) {
        return values[NumberOf(field)] & ~kSetLater;
      };
      EXPECT_EQ(text(value(DealField::kOwner)), naive::ValueAt(expected.owner, visit.entered_us));
      EXPECT_EQ(text(value(DealField::kOrganization)),
                naive::ValueAt(expected.organization, visit.entered_us));
      const std::vector<std::string> tags =
          Texts(view, table.TagSet({.value = value(DealField::kTags)}));
      EXPECT_EQ(std::set<std::string>(tags.begin(), tags.end()), expected.TagsAt(visit.entered_us));
    }
    EXPECT_EQ(table.title[deal], naive::ValueAt(expected.title, kNever));
    const std::optional<int64_t> amount = naive::ValueAt(expected.amount, kNever);
    EXPECT_EQ(table.Latest(deal, DealField::kAmount, kNever).set(), amount.has_value());
    if (amount) {
      EXPECT_EQ(table.Latest(deal, DealField::kAmount, kNever).value, *amount);
    }
  }
}

class IncrementalFold : public ::testing::TestWithParam<uint64_t> {};

TEST_P(IncrementalFold, EqualsAFoldFromTheStartAtEveryCommit) {
  const std::vector<LoggedEvent> log = RandomLog(GetParam());
  std::mt19937_64 random(GetParam());
  DealsView view;
  size_t commits = 0;
  std::vector<std::shared_ptr<const DealsView>> copies;
  std::vector<uint64_t> copied_at;
  for (size_t i = 0; i < log.size();) {
    for (size_t left = random() % 4 == 0 ? 1 + random() % 6 : 1; left > 0 && i < log.size();
         --left) {
      ASSERT_TRUE(view.Fold({.header = log[i].header, .event = log[i].event}).ok());
      ++i;
    }
    view.CommitDone();
    const uint64_t head = log[i - 1].header.position();
    const FactTable anew = view.TableAt(head);
    for (DealIndex deal = 0; deal < view.deal_count(); ++deal) {
      ExpectSameDeal(view.table(), anew, deal, random);
      ExpectSameFacts(view, deal);
    }
    if (random() % 20 == 0) {
      copies.push_back(std::static_pointer_cast<const DealsView>(view.Copy()));
      copied_at.push_back(head);
      if (copies.size() > 3 && random() % 2 == 0) {  // Some are dropped while the fold goes on.
        copies.erase(copies.begin());
        copied_at.erase(copied_at.begin());
      }
    }
    if (++commits % 40 == 0) ExpectNaive(view, naive::Fold(log, head, kNever));
    if (HasFailure()) FAIL() << "seed " << GetParam() << ", event " << i;
  }
  size_t kept = 0;
  for (DealIndex deal = 0; deal < view.deal_count(); ++deal) {
    kept += view.table().Kept(deal) != nullptr ? 1 : 0;
  }
  EXPECT_GE(kept, 1u) << "long deals are what this is about";

  // Copies still say what the view said when they were made.
  ASSERT_GE(copies.size(), 2u);
  for (size_t i = 0; i < copies.size(); ++i) {
    const DealsView& copy = *copies[i];
    const FactTable then = view.TableAt(copied_at[i]);
    for (DealIndex deal = 0; deal < copy.deal_count(); ++deal) {
      ExpectSameDeal(copy.table(), then, deal, random);
      ExpectSameFacts(copy, deal);
    }
    if (copy.deal_count() < view.deal_count()) {
      EXPECT_EQ(copy.Find(view.Id(copy.deal_count())), std::nullopt) << "it came later";
    }
    ExpectNaive(copy, naive::Fold(log, copied_at[i], kNever));
  }
}

TEST_P(IncrementalFold, RowsGiveTheTableBack) {
  const std::vector<LoggedEvent> log = RandomLog(GetParam());
  std::mt19937_64 random(GetParam());
  DealsView view;
  RowMap rows;
  for (size_t i = 0; i < log.size(); ++i) {
    ASSERT_TRUE(view.Fold({.header = log[i].header, .event = log[i].event}).ok());
    view.CommitDone();
    if (random() % 50 == 0 || i + 1 == log.size()) view.FlushRows(rows);
  }
  ASSERT_EQ(rows.rows.size(), view.RowCount());
  DealsView loaded;
  for (const auto& [key, value] : rows.rows) ASSERT_TRUE(loaded.LoadRow(key, value).ok());
  loaded.CommitDone();
  EXPECT_EQ(loaded.RowCount(), view.RowCount());
  for (DealIndex deal = 0; deal < view.deal_count(); ++deal) {
    const std::optional<DealIndex> other = loaded.Find(view.Id(deal));
    ASSERT_TRUE(other.has_value());
    DealFacts a;
    DealFacts b;
    view.FactsOf(deal, {}, a);
    loaded.FactsOf(*other, {}, b);
    EXPECT_EQ(a.visits, b.visits);
    EXPECT_EQ(a.revision, b.revision);
    EXPECT_EQ(a.Contacts(), b.Contacts());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, IncrementalFold, ::testing::Range<uint64_t>(1, 9));

TEST(TimeList, IsASortThatKeepsTies) {
  struct Item {
    int64_t at_us = 0;
    int number = 0;
  };
  std::mt19937_64 random(3);
  for (const uint64_t spread : {1ULL, 20ULL, 100'000ULL}) {
    TimeList<Item> list;
    std::vector<Item> expected;
    for (int i = 0; i < 3000; ++i) {
      const auto at = static_cast<int64_t>(i % 1000 < 500 ? random() % spread : spread - i % 500);
      list.Insert({at, i});
      expected.push_back({at, i});
    }
    std::ranges::stable_sort(expected, {}, &Item::at_us);
    std::vector<int> numbers;
    list.ForEach([&numbers](const Item& item) { numbers.push_back(item.number); });
    ASSERT_EQ(numbers.size(), expected.size());
    for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], expected[i].number) << i;
    for (int64_t end = -1; end < static_cast<int64_t>(std::min<uint64_t>(spread, 300)) + 2; ++end) {
      const auto after = std::ranges::lower_bound(expected, end, {}, &Item::at_us);
      const Item* last = list.LastBefore(end);
      ASSERT_EQ(last != nullptr, after != expected.begin());
      if (last != nullptr) {
        ASSERT_EQ(last->number, (after - 1)->number);
      }
    }
    list.Clear();
    EXPECT_TRUE(list.empty());
    list.Insert({5, 1});
    EXPECT_EQ(list.back().number, 1);
  }
}

}  // namespace
}  // namespace dealog::projections
