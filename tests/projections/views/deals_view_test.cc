// Method: the deals view alone: what it refuses to fold, rows that do not parse, tapes with events
// that no decider of today would write, and facts of one deal at any horizon.

#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/deals_view.h"
#include "tests/support/sales_tenant.h"

namespace dealog::projections {
namespace {

using testing::Day;
using ::testing::HasSubstr;
using testing::LoggedEvent;
using testing::RowMap;
using testing::SalesTenant;

LoggedEvent DealEvent(uint64_t position, uint64_t revision, int64_t occurred_us,
                      const events::v1::DealEvent& event) {
  LoggedEvent logged;
  logged.header.mutable_stream()->set_type("deal");
  logged.header.mutable_stream()->set_id("d1");
  logged.header.set_position(position);
  logged.header.set_revision(revision);
  logged.header.set_occurred_at_us(occurred_us);
  logged.header.set_recorded_at_us(static_cast<int64_t>(position) * 1000);
  *logged.event.mutable_deal() = event;
  return logged;
}

events::v1::DealEvent Opened() {
  events::v1::DealEvent event;
  event.mutable_deal_opened()->set_pipeline_id("p");
  event.mutable_deal_opened()->set_stage_id("a");
  event.mutable_deal_opened()->set_title("One");
  return event;
}

events::v1::DealEvent Moved(const std::string& to) {
  events::v1::DealEvent event;
  event.mutable_deal_stage_moved()->set_to_stage_id(to);
  event.mutable_deal_stage_moved()->set_direction(events::v1::MOVE_DIRECTION_FORWARD);
  return event;
}

events::v1::DealEvent Undone(uint64_t revision, const std::string& stage) {
  events::v1::DealEvent event;
  event.mutable_deal_move_undone()->set_undone_revision(revision);
  event.mutable_deal_move_undone()->set_stage_id(stage);
  return event;
}

absl::Status Fold(DealsView& view, const LoggedEvent& logged) {
  absl::Status status = view.Fold({.header = logged.header, .event = logged.event});
  view.CommitDone();
  return status;
}

TEST(DealsView, RefusesWhatBreaksTheStream) {
  DealsView view;
  const absl::Status early = Fold(view, DealEvent(1, 1, 10, Moved("b")));
  EXPECT_EQ(base::ReasonOf(early), "INTERNAL");
  EXPECT_THAT(std::string(early.message()), HasSubstr("expected DealOpened"));
  DealsView other;
  ASSERT_TRUE(Fold(other, DealEvent(5, 1, 10, Opened())).ok());
  EXPECT_FALSE(Fold(other, DealEvent(6, 2, 10, Opened())).ok());
  EXPECT_FALSE(Fold(other, DealEvent(6, 1, 10, Moved("b"))).ok());
  EXPECT_FALSE(Fold(other, DealEvent(5, 2, 10, Moved("b"))).ok());
  EXPECT_TRUE(Fold(other, DealEvent(6, 2, 10, Moved("b"))).ok());
}

// It changes nothing but the revision, and the deal says so from then on.
TEST(DealsView, AnEventOfANewerReleaseIsTold) {
  const auto newer = [](auto& message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(4000, 1);
  };
  events::v1::DealEvent kind;  // Of a kind that no build has.
  newer(kind);
  events::v1::DealEvent field = Moved("b");  // Of a known kind, with a field that none has.
  newer(*field.mutable_deal_stage_moved());
  LoggedEvent aggregate = DealEvent(6, 2, 20, {});  // Of a union that none has.
  aggregate.event.clear_deal();
  newer(aggregate.event);
  for (const LoggedEvent& event :
       {DealEvent(6, 2, 20, kind), DealEvent(6, 2, 20, field), aggregate}) {
    auto view = std::make_unique<DealsView>();
    ASSERT_TRUE(Fold(*view, DealEvent(5, 1, 10, Opened())).ok());
    ASSERT_TRUE(Fold(*view, event).ok());
    ASSERT_TRUE(Fold(*view, DealEvent(7, 3, 30, Moved("c"))).ok());
    for (int round = 0; round < 2; ++round) {
      DealFacts facts;
      view->FactsOf(0, {}, facts);
      EXPECT_TRUE(facts.newer);
      EXPECT_EQ(view->symbols().Text(facts.standing.stage), "c");
      view->FactsOf(0, {.known_position = 6}, facts);
      EXPECT_TRUE(facts.newer);
      EXPECT_EQ(facts.revision, 2u) << "as the state says";
      view->FactsOf(0, {.known_position = 5}, facts);
      EXPECT_FALSE(facts.newer) << "before it was recorded";
      view->FactsOf(0, {.as_of_us = 20}, facts);
      EXPECT_FALSE(facts.newer) << "before it occurred";
      if (round > 0) break;
      RowMap rows;
      view->FlushRows(rows);
      view = std::make_unique<DealsView>();
      for (const auto& [key, value] : rows.rows) ASSERT_TRUE(view->LoadRow(key, value).ok());
      view->CommitDone();
    }
  }
}

TEST(DealsView, AKindOfANewerReleaseMakesNoDeal) {
  DealsView view;
  EXPECT_TRUE(Fold(view, DealEvent(5, 1, 10, {})).ok());
  EXPECT_EQ(view.deal_count(), 0u);
}

TEST(DealsView, TakesNoNoticeOfOtherAggregates) {
  DealsView view;
  LoggedEvent note;
  note.event.mutable_note();
  EXPECT_TRUE(Fold(view, note).ok());
  EXPECT_EQ(view.RowCount(), 0u);
}

TEST(DealsView, FactsAtAnyHorizon) {
  DealsView view;
  ASSERT_TRUE(Fold(view, DealEvent(1, 1, 10, Opened())).ok());
  ASSERT_TRUE(Fold(view, DealEvent(2, 2, 20, Moved("b"))).ok());
  ASSERT_TRUE(Fold(view, DealEvent(3, 3, 30, Undone(2, "a"))).ok());
  ASSERT_TRUE(Fold(view, DealEvent(4, 4, 25, Moved("c"))).ok());
  DealFacts facts;
  view.FactsOf(0, {}, facts);
  ASSERT_EQ(facts.visits.size(), 2u);
  EXPECT_EQ(facts.visits[0].exited_us, 25);
  EXPECT_EQ(view.symbols().Text(facts.standing.stage), "c");
  view.FactsOf(0, {.known_position = 2}, facts);
  EXPECT_EQ(view.symbols().Text(facts.standing.stage), "b");
  EXPECT_EQ(facts.revision, 2u);
  // The undone move leaves every as_of, though its correction came later.
  view.FactsOf(0, {.as_of_us = 25}, facts);
  EXPECT_EQ(view.symbols().Text(facts.standing.stage), "a");
  ASSERT_EQ(facts.visits.size(), 1u);
  EXPECT_EQ(facts.visits[0].exited_us, kNever);
  view.FactsOf(0, {.as_of_us = 10}, facts);
  EXPECT_FALSE(facts.exists);
}

TEST(DealsView, OneUndoAfterAnother) {
  DealsView view;
  ASSERT_TRUE(Fold(view, DealEvent(1, 1, 10, Opened())).ok());
  ASSERT_TRUE(Fold(view, DealEvent(2, 2, 20, Moved("b"))).ok());
  ASSERT_TRUE(Fold(view, DealEvent(3, 3, 30, Moved("c"))).ok());
  ASSERT_TRUE(Fold(view, DealEvent(4, 4, 40, Undone(3, "b"))).ok());
  ASSERT_TRUE(Fold(view, DealEvent(5, 5, 50, Undone(2, "a"))).ok());
  DealFacts facts;
  view.FactsOf(0, {}, facts);
  ASSERT_EQ(facts.visits.size(), 1u);
  EXPECT_EQ(facts.visits[0].entered_us, 10);
  EXPECT_EQ(view.symbols().Text(facts.standing.stage), "a");
}

TEST(DealsView, IsTotalOnEventsThatNoDeciderWrites) {
  DealsView view;
  ASSERT_TRUE(Fold(view, DealEvent(1, 1, 100, Opened())).ok());
  ASSERT_TRUE(Fold(view, DealEvent(2, 2, 50, Moved("b"))).ok());      // Back in time.
  ASSERT_TRUE(Fold(view, DealEvent(3, 3, 60, Undone(9, "b"))).ok());  // Of nothing.
  ASSERT_TRUE(Fold(view, DealEvent(4, 4, 60, Undone(1, "b"))).ok());  // Of the opening.
  events::v1::DealEvent reopened;
  reopened.mutable_deal_reopened()->set_stage_id("a");
  ASSERT_TRUE(Fold(view, DealEvent(5, 5, 120, reopened)).ok());  // An open deal.
  events::v1::DealEvent won;
  won.mutable_deal_won()->set_stage_id("w");
  ASSERT_TRUE(Fold(view, DealEvent(6, 6, 130, won)).ok());
  ASSERT_TRUE(Fold(view, DealEvent(7, 7, 140, won)).ok());  // Twice.
  DealFacts facts;
  view.FactsOf(0, {}, facts);
  ASSERT_EQ(facts.spans.size(), 1u);
  EXPECT_EQ(facts.spans[0].closed_us, 130);
  for (const Visit& visit : facts.visits) EXPECT_LE(visit.entered_us, visit.exited_us);
}

TEST(DealsView, RowsThatDoNotParseAreDamage) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1), {.owner = "m1", .tags = {"vip"}, .amount_minor = 5});
  sales.Move("d1", "Call", Day(2));
  const RowMap rows = sales.views.FlushRows().at(std::string(kDealsView));
  const std::string kRow("dd1\0\0\0\0", 7);
  ASSERT_EQ(rows.rows.count(kRow), 1u);
  const std::string tape = rows.rows.at(kRow);
  const auto load = [&rows](const std::string& key, const std::string& value) {
    DealsView view;
    for (const auto& [each, bytes] : rows.rows) {
      if (each.front() == '#') {
        EXPECT_TRUE(view.LoadRow(each, bytes).ok());
      }
    }
    absl::Status status = view.LoadRow(key, value);
    if (status.ok()) view.CommitDone();
    return status;
  };
  EXPECT_TRUE(load(kRow, tape).ok());
  // Every cut is noticed, but one between two events, which a store's checksum must notice.
  int accepted = 0;
  for (size_t size = 0; size < tape.size(); ++size) {
    const absl::Status status = load(kRow, tape.substr(0, size));
    accepted += status.ok() ? 1 : 0;
    EXPECT_EQ(base::ReasonOf(status), status.ok() ? "" : "CORRUPT_RECORD") << size;
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_FALSE(load("", tape).ok());
  EXPECT_FALSE(load("xd1\0\0\0\0", tape).ok());
  EXPECT_FALSE(load("dd1", tape).ok());                          // No chunk's number.
  EXPECT_FALSE(load(std::string("dd1\0\0\0\1", 7), tape).ok());  // The chunk before is missing.
  EXPECT_FALSE(load(std::string("#\0\0\0\7", 5), "out of order").ok());
  // A symbol that the dictionary lacks.
  DealsView empty;
  EXPECT_EQ(base::ReasonOf(empty.LoadRow(kRow, tape)), "CORRUPT_RECORD");
}

TEST(DealsView, ATapeIsSmall) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  const size_t opened =
      sales.views.FlushRows().at("deals").rows.at(std::string("dd1\0\0\0\0", 7)).size();
  constexpr int kMoves = kTapeChunkEvents - 1;
  for (int i = 0; i < kMoves; ++i) {
    sales.Move("d1", i % 2 == 0 ? "Call" : "New", Day(2 + i));
  }
  const size_t moved =
      sales.views.FlushRows().at("deals").rows.at(std::string("dd1\0\0\0\0", 7)).size();
  EXPECT_LT((moved - opened) / kMoves, 20u);  // Bytes per move.
}

TEST(DealsView, AFlushWritesNoChunkThatIsFull) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  for (int i = 0; i < 10 * kTapeChunkEvents; ++i) sales.SetAmount("d1", i, Day(2) + i);
  const size_t all = sales.views.FlushRows().at("deals").rows.size();
  EXPECT_EQ(sales.views.View("deals").RowCount(), all);
  sales.SetAmount("d1", 5, Day(3));
  EXPECT_EQ(sales.views.FlushRows().at("deals").rows.size(), 1u);
  for (int i = 0; i < kTapeChunkEvents; ++i) sales.SetAmount("d1", i, Day(4) + i);
  EXPECT_EQ(sales.views.FlushRows().at("deals").rows.size(), 2u);
  EXPECT_EQ(sales.views.View("deals").RowCount(), all + 1);
}

TEST(DealsView, ManyEventsOfOneDealStayFast) {
  SalesTenant sales;
  sales.Open("d1", "New", Day(1));
  for (int i = 0; i < 3000; ++i) sales.SetAmount("d1", i, Day(2) + i);
  EXPECT_EQ(sales.Deal("d1").etag(), "3001");
  EXPECT_EQ(sales.Deal("d1").amount().units(), 29);
}

}  // namespace
}  // namespace dealog::projections
