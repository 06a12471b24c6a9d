// Method: one workflow of one action, run by the reactor on one deal; then what the deal, or what
// belongs to it, looks like. (The registry's own test is at the end.)

#include <set>

#include "services/workflow/actions/registry.h"
#include "tests/services/workflow/fixture.h"

namespace dealog::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ActionsTest : public WorkflowFixture {
 protected:
  ActionsTest() { Found(); }
  // Runs the action on deal 1, opened with `deal`; returns how the step ended.
  domain::WorkflowInstanceState::Step Run(const std::string& action, const std::string& deal = "") {
    Publish(1, "trigger { event_type: 'DealOpened' } actions { " + action + " }");
    OpenDeal(1, deal);
    opened_at_us_ = clock_.NowMicros();
    React();
    return Instances().at(0).steps.at(0);
  }
  domain::DealState Deal1() { return dynamic_cast<domain::DealState&>(*Fold("deal", Deal(1))); }
  // Id of the stream of the only event of that type.
  std::string StreamIdOf(const std::string& type) {
    for (const Told& told : Story()) {
      if (told.type == type) return told.stream.substr(told.stream.find('/') + 1);
    }
    return "";
  }
  int64_t opened_at_us_ = 0;
};

TEST_F(ActionsTest, CreateActivityPlansForTheOwner) {
  ASSERT_TRUE(DoText<v1::UpsertMemberRequest>("display_name: 'Ada'").ok());
  Run("create_activity { kind: 'MEETING' title: 'Demo' due_in_seconds: 3600 }", "owner: 'Ada'");
  const std::string id = StreamIdOf("ActivityScheduled");
  const auto state = Fold("activity", id);
  const auto& activity = dynamic_cast<const domain::ActivityState&>(*state);
  EXPECT_EQ(activity.kind, events::v1::ACTIVITY_KIND_MEETING);
  EXPECT_EQ(activity.title, "Demo");
  EXPECT_EQ(activity.deal_id, Deal(1));
  EXPECT_EQ(activity.owner_id, Deal1().owner_id.value);
  EXPECT_FALSE(activity.owner_id.empty());
  EXPECT_EQ(activity.due_at_us, opened_at_us_ + 3'600'000'000);
}

TEST_F(ActionsTest, MoveDealWinsAndLoses) {
  EXPECT_EQ(Run("move_deal { to_stage: 'Lost' reason: 'price' }").outcome, "COMPLETED");
  EXPECT_EQ(Deal1().stage.status, v1::Deal::LOST);
  EXPECT_EQ(Deal1().stage.lost_reason, "price");
}

TEST_F(ActionsTest, TagAddsAndRemoves) {
  Run("tag { add: 'a' add: 'b' remove: 'old' }", "tags: 'old'");
  EXPECT_THAT(Deal1().tags.Keys(), ElementsAre("a", "b"));
}

TEST_F(ActionsTest, AddNoteWritesOnTheDeal) {
  Run("add_note { body: 'Hello' }");
  const auto state = Fold("note", StreamIdOf("NoteWritten"));
  const auto& note = dynamic_cast<const domain::NoteState&>(*state);
  EXPECT_EQ(note.body, "Hello");
  EXPECT_EQ(note.deal_id, Deal(1));
  EXPECT_THAT(note.author, HasSubstr("workflow/"));
}

TEST_F(ActionsTest, SetFieldSetsText) {
  EXPECT_EQ(Run("set_field { field: 'title' value: '\"Big deal\"' }").outcome, "COMPLETED");
  EXPECT_EQ(Deal1().title.value, "Big deal");
}

TEST_F(ActionsTest, SetFieldClears) {
  Run("set_field { field: 'source' value: '' }", "source: 'web'");
  EXPECT_THAT(Deal1().source.value, IsEmpty());
}

TEST_F(ActionsTest, SetFieldTakesTheTenantsCurrency) {
  Run("set_field { field: 'amount' value: '1500.50' }");
  EXPECT_EQ(Deal1().amount.value->currency_code(), "USD");
  EXPECT_EQ(Deal1().amount.value->amount_minor(), 150'050);
}

TEST_F(ActionsTest, SetFieldKeepsTheDealsCurrency) {
  Run("set_field { field: 'amount' value: '2' }", "amount { currency_code: 'JPY' units: 100 }");
  EXPECT_EQ(Deal1().amount.value->currency_code(), "JPY");
  EXPECT_EQ(Deal1().amount.value->amount_minor(), 2);
}

TEST_F(ActionsTest, SetFieldRefusesWhatTheDomainRefuses) {
  const auto step = Run("set_field { field: 'amount' value: '-1' }");
  EXPECT_EQ(step.outcome, "FAILED");
  EXPECT_EQ(step.reason, "FIELD_INVALID");
}

TEST_F(ActionsTest, SetFieldSetsDates) {
  Run("set_field { field: 'expected_close_date' value: '2026-03-01' }");
  ASSERT_TRUE(Deal1().expected_close_date.value.has_value());
  EXPECT_EQ(Deal1().expected_close_date.value->month(), 3);
}

TEST_F(ActionsTest, SetFieldTakesEveryNameOfAField) {
  ASSERT_TRUE(DoText<v1::UpsertProductRequest>("display_name: 'GTX'").ok());
  Run("set_field { field: 'product_id' value: 'GTX' }");
  EXPECT_FALSE(Deal1().product_id.value.empty());
}

TEST_F(ActionsTest, SetFieldFailsOnAnUnknownMember) {
  EXPECT_EQ(Run("set_field { field: 'owner' value: 'Nobody' }").reason, "MEMBER_NOT_FOUND");
}

TEST(ActionTypes, HasEveryActionOfTheDefinitionOnce) {
  std::set<int> registered;
  for (const ActionType* type : ActionTypes()) {
    EXPECT_TRUE(registered.insert(type->kind).second) << type->name;
  }
  const auto* actions = events::v1::WorkflowAction::descriptor()->FindOneofByName("action");
  ASSERT_NE(actions, nullptr);
  EXPECT_EQ(registered.size(), static_cast<size_t>(actions->field_count()));
  for (int i = 0; i < actions->field_count(); ++i) {
    EXPECT_TRUE(registered.contains(actions->field(i)->number())) << actions->field(i)->name();
  }
}

}  // namespace
}  // namespace dealog::workflow
