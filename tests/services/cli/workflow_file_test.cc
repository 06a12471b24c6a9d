// Method: definitions in YAML and JSON that must give the same message; every kind of mistake,
// which must be named with its line.

#include "services/cli/workflow_file.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"

namespace dealog::cli {
namespace {

constexpr char kYaml[] = R"(
display_name: Welcome call
trigger:
  event_type: DealOpened
  condition: 'source = "salon"'
  maxTriggerAgeSeconds: 3600
actions:
  - step_id: call
    create_activity: {kind: CALL, title: "Call back", due_in_seconds: 86400}
  - tag:
      add: [2026, vip]
  - set_field: {field: amount, value: 1200}
)";

TEST(ParseWorkflow, ReadsYaml) {
  const auto definition = ParseWorkflow(kYaml);
  ASSERT_TRUE(definition.ok()) << definition.status();
  EXPECT_EQ(definition->display_name(), "Welcome call");
  EXPECT_EQ(definition->trigger().condition(), "source = \"salon\"");
  EXPECT_EQ(definition->trigger().max_trigger_age_seconds(), 3600);
  ASSERT_EQ(definition->actions_size(), 3);
  EXPECT_EQ(definition->actions(0).create_activity().due_in_seconds(), 86400);
  // Text stays text, though YAML takes it for a number.
  EXPECT_EQ(definition->actions(1).tag().add(0), "2026");
  EXPECT_EQ(definition->actions(2).set_field().value(), "1200");
}

TEST(ParseWorkflow, ReadsJson) {
  const auto definition = ParseWorkflow(
      R"({"displayName": "W", "trigger": {"eventType": "DealWon"},
          "actions": [{"addNote": {"body": "line\nbreak"}}], "allowSelfTrigger": true})");
  ASSERT_TRUE(definition.ok()) << definition.status();
  EXPECT_EQ(definition->actions(0).add_note().body(), "line\nbreak");
  EXPECT_TRUE(definition->allow_self_trigger());
}

void ExpectRefused(const std::string& text, const std::string& part) {
  const auto definition = ParseWorkflow(text);
  ASSERT_FALSE(definition.ok()) << text;
  EXPECT_EQ(base::ReasonOf(definition.status()), "WORKFLOW_INVALID");
  EXPECT_NE(std::string(definition.status().message()).find(part), std::string::npos)
      << definition.status();
}

TEST(ParseWorkflow, NamesTheLineOfAMistake) {
  ExpectRefused("display_name: W\ntriger: {}\n", "line 2: unknown field 'triger'");
  ExpectRefused("actions: 3\n", "line 1: actions: expected a list");
  ExpectRefused("allow_self_trigger: maybe\n", "expected true or false, found 'maybe'");
  ExpectRefused("trigger:\n  max_trigger_age_seconds: soon\n",
                "line 2: max_trigger_age_seconds: expected a whole number");
  ExpectRefused("display_name: [a]\n", "display_name: expected one value");
  ExpectRefused("trigger: DealWon\n", "expected a map with event_type");
  ExpectRefused("display_name: a\ndisplayName: b\n", "the field display_name is there twice");
  ExpectRefused("a: [\n", "line");
  ExpectRefused("just text", "expected a map");
  ExpectRefused("actions:\n- {add_note: {body: a}, tag: {add: [b]}}\n", "");
}

}  // namespace
}  // namespace dealog::cli
