// Method: one definition that can run, and every way to spoil it.

#include "services/workflow/definition.h"

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace dealog::workflow {
namespace {

using ::testing::HasSubstr;

absl::Status Check(const std::string& text) {
  events::v1::WorkflowDefinition definition;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString("display_name: 'w' " + text, &definition))
      << text;
  return CheckDefinition(definition);
}

constexpr char kAction[] = " actions { tag { add: 'x' } }";

TEST(CheckDefinition, AcceptsWhatCanRun) {
  EXPECT_TRUE(Check(std::string("trigger { event_type: 'DealStageMoved' condition: 'to_stage = "
                                "Offer AND deal.amount >= 1000' }") +
                    kAction)
                  .ok());
}

TEST(CheckDefinition, RefusesAConditionThatDoesNotCompileAndNamesTheColumn) {
  const absl::Status status = Check(
      std::string("trigger { event_type: 'DealOpened' condition: 'deal.amount >' }") + kAction);
  EXPECT_EQ(base::ReasonOf(status), "WORKFLOW_INVALID");
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(HasSubstr("definition.trigger.condition"), HasSubstr("column")));
}

TEST(CheckDefinition, RefusesAFieldThatConditionsDoNotHave) {
  const absl::Status status = Check(
      std::string("trigger { event_type: 'DealOpened' condition: 'deal.colour = red' }") + kAction);
  EXPECT_EQ(base::ReasonOf(status), "WORKFLOW_INVALID");
  EXPECT_THAT(std::string(status.message()), HasSubstr("deal.colour"));
}

struct Spoiled {
  const char* what;
  const char* text;
};
void PrintTo(const Spoiled& spoiled, std::ostream* out) { *out << spoiled.what; }

class SpoiledDefinition : public ::testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledDefinition, IsRefused) {
  const absl::Status status = Check(GetParam().text);
  EXPECT_EQ(base::ReasonOf(status), "WORKFLOW_INVALID") << status;
}

INSTANTIATE_TEST_SUITE_P(
    Ways, SpoiledDefinition,
    ::testing::Values(
        Spoiled{"no trigger", "actions { tag { add: 'x' } }"},
        Spoiled{"unknown event type",
                "trigger { event_type: 'DealEaten' } actions { tag { add: 'x' } }"},
        Spoiled{"not an event of a deal",
                "trigger { event_type: 'ContactCreated' } actions { tag { add: 'x' } }"},
        Spoiled{"no action", "trigger { event_type: 'DealOpened' }"},
        Spoiled{"unknown action", "trigger { event_type: 'DealOpened' } actions { step_id: 'a' }"},
        Spoiled{"unknown kind of activity",
                "trigger { event_type: 'DealOpened' } "
                "actions { create_activity { kind: 'LUNCH' title: 'x' } }"},
        Spoiled{"no stage", "trigger { event_type: 'DealOpened' } actions { move_deal { } }"},
        Spoiled{"unknown field",
                "trigger { event_type: 'DealOpened' } "
                "actions { set_field { field: 'colour' value: 'x' } }"},
        Spoiled{"malformed amount",
                "trigger { event_type: 'DealOpened' } "
                "actions { set_field { field: 'amount' value: '1,500' } }"},
        Spoiled{"impossible date",
                "trigger { event_type: 'DealOpened' } "
                "actions { set_field { field: 'expected_close_date' value: '2017-02-30' } }"},
        Spoiled{"no tag", "trigger { event_type: 'DealOpened' } actions { tag { } }"},
        Spoiled{"empty note", "trigger { event_type: 'DealOpened' } actions { add_note { } }"},
        Spoiled{"triggers itself",
                "trigger { event_type: 'DealTagged' } actions { tag { add: 'x' } }"}));

}  // namespace
}  // namespace dealog::workflow
