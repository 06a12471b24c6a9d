// Method: one example per kind of line; the reasons in order of precedence; every event type has a
// line (found by reflection, so that a new event without one fails here).

#include "services/rpc/history_text.h"

#include <gmock/gmock.h>

#include <memory>

namespace dealog::rpc {
namespace {

using events::v1::Event;

const Names& AllNames() {
  static const auto& names =
      *new Names{{"s1", "Contacted"}, {"s2", "Negotiation"}, {"m1", "Ada"}, {"w1", "Follow up"}};
  return names;
}

TEST(Summarize, NamesStagesAndPeople) {
  Event moved;
  moved.mutable_deal()->mutable_deal_stage_moved()->set_from_stage_id("s1");
  moved.mutable_deal()->mutable_deal_stage_moved()->set_to_stage_id("s2");
  EXPECT_EQ(Summarize(moved, AllNames()), "Contacted -> Negotiation");
  Event owner;
  owner.mutable_deal()->mutable_deal_owner_assigned()->set_owner_id("m1");
  EXPECT_EQ(Summarize(owner, AllNames()), "owner (none) -> Ada");
  Event details;
  details.mutable_deal()->mutable_deal_details_changed()->set_title("x");
  details.mutable_deal()->mutable_deal_details_changed()->set_source("");
  EXPECT_EQ(Summarize(details, AllNames()), "title, source changed");
  Event tagged;
  tagged.mutable_deal()->mutable_deal_tagged()->add_tags("hot");
  tagged.mutable_deal()->mutable_deal_tagged()->add_tags("vip");
  EXPECT_EQ(Summarize(tagged, AllNames()), "+hot, +vip");
}

// Calls `use` with an event of every kind, its fields empty.
template <typename Use>
void ForEachKind(Use use) {
  const auto* aggregates = Event::descriptor()->oneof_decl(0);
  for (int a = 0; a < aggregates->field_count(); ++a) {
    const auto* aggregate = aggregates->field(a);
    if (aggregate->message_type()->oneof_decl_count() == 0) continue;  // See the next test.
    const auto* kinds = aggregate->message_type()->oneof_decl(0);
    for (int k = 0; k < kinds->field_count(); ++k) {
      Event event;
      auto* inner = event.GetReflection()->MutableMessage(&event, aggregate);
      inner->GetReflection()->MutableMessage(inner, kinds->field(k));
      use(event, kinds->field(k)->message_type()->name());
    }
  }
}

TEST(Summarize, EveryEventHasALine) {
  int count = 0;
  ForEachKind([&](const Event& event, const std::string& type) {
    ++count;
    // Tags without tags have nothing to tell.
    if (type.find("agged") != std::string::npos) return;
    EXPECT_NE(Summarize(event, {}), "") << type;
  });
  EXPECT_GT(count, 50);
  EXPECT_EQ(Summarize(Event(), {}), "");
}

TEST(Summarize, AnEventOfAnotherServiceHasItsSize) {
  Event event;
  event.mutable_external()->set_type("InvoiceSent");
  event.mutable_external()->set_payload("four");
  EXPECT_EQ(Summarize(event, {}), "InvoiceSent, 4 bytes");
}

TEST(WhyOf, TheOverrideThenTheWorkflowThenTheEventsOwnReason) {
  Event lost;
  lost.mutable_deal()->mutable_deal_lost()->set_reason("too dear");
  storage::v1::EventHeader header;
  header.mutable_actor()->set_principal("user:ada");
  EXPECT_EQ(WhyOf(header, lost, AllNames()), "too dear");
  header.mutable_actor()->set_principal("workflow/w1/revisions/1/instances/i/steps/call");
  EXPECT_EQ(WhyOf(header, lost, AllNames()), "workflow Follow up, step call");
  header.set_override_reason("the boss said so");
  EXPECT_EQ(WhyOf(header, lost, AllNames()), "the boss said so");
}

TEST(WhyOf, ARetiredStageExplainsItsMoves) {
  Event moved;
  auto& move = *moved.mutable_deal()->mutable_deal_stage_moved();
  move.set_from_stage_id("s1");
  move.set_cause(events::v1::MOVE_CAUSE_STAGE_RETIRED);
  EXPECT_EQ(WhyOf({}, moved, AllNames()), "stage Contacted was retired");
  move.set_cause(events::v1::MOVE_CAUSE_COMMAND);
  EXPECT_EQ(WhyOf({}, moved, AllNames()), "");
}

TEST(VisitMicros, OnlyEventsThatEndAVisitHaveOne) {
  int with_visit = 0;
  ForEachKind(
      [&](const Event& event, const std::string&) { with_visit += VisitMicros(event) >= 0; });
  EXPECT_EQ(with_visit, 3);  // DealStageMoved, DealWon, DealLost.
}

TEST(AmountText, HasTheCurrencysDecimals) {
  const auto text = [](const char* currency, int64_t minor) {
    events::v1::Money money;
    money.set_currency_code(currency);
    money.set_amount_minor(minor);
    return AmountText(money);
  };
  EXPECT_EQ(text("EUR", 123450), "1234.50 EUR");
  EXPECT_EQ(text("EUR", 5), "0.05 EUR");
  EXPECT_EQ(text("EUR", -5), "-0.05 EUR");
  EXPECT_EQ(text("EUR", -12345), "-123.45 EUR");
  EXPECT_EQ(text("JPY", 500), "500 JPY");
  EXPECT_EQ(text("KWD", 1234), "1.234 KWD");
  EXPECT_EQ(text("", 0), "");
}

}  // namespace
}  // namespace dealog::rpc
