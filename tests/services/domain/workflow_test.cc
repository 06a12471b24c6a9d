// Method: specs of the commands of workflows, what the definition check refuses, and the fold of an
// instance's events.

#include "services/domain/workflow.h"

#include <gtest/gtest.h>

#include "services/domain/stream_type.h"
#include "tests/support/billing_types.h"
#include "tests/support/domain_spec.h"

namespace dealog::domain {
namespace {

constexpr char kName[] = "display_name: 'Welcome' ";
constexpr char kTrigger[] = "trigger { event_type: 'DealOpened' } ";
constexpr char kTask[] = "actions { create_activity { kind: 'TASK' title: 'Call' } } ";

std::string Definition(const std::string& rest) {
  return "definition { " + std::string(kName) + rest + " }";
}
std::string Good() { return Definition(std::string(kTrigger) + kTask); }

// workflow#1, drafted with that definition.
class DraftSpec : public Spec {
 public:
  explicit DraftSpec(const std::string& definition) {
    Given<v1::CreateWorkflowDraftRequest>("workflow_id: 'workflow#1' " + definition);
  }
};

// What publishing a definition is refused with.
void ExpectInvalid(const std::string& rest, std::string_view mention) {
  DraftSpec(Definition(rest))
      .When<v1::PublishWorkflowRequest>("workflow: 'Welcome'")
      .ThenRefused("WORKFLOW_INVALID", mention);
}
void ExpectValid(const std::string& rest) {
  DraftSpec spec(Definition(rest));
  spec.When<v1::PublishWorkflowRequest>("workflow: 'Welcome'");
  EXPECT_TRUE(spec.result().ok()) << spec.result().status();
}

TEST(CreateWorkflowDraft, DraftsAndRedraftsByName) {
  Spec spec;
  spec.Seed(60)
      .When<v1::CreateWorkflowDraftRequest>(Good())
      .Then("workflow#60", "workflow { workflow_drafted { " + Good() + " } }")
      .ThenClaims({"workflow.name=welcome"})
      .When<v1::CreateWorkflowDraftRequest>(Good())
      .ThenNothing()
      .When<v1::CreateWorkflowDraftRequest>(Definition(kTrigger))
      .Then("workflow#60", "workflow { workflow_drafted { " + Definition(kTrigger) + " } }")
      .ThenClaims({});
  EXPECT_EQ(spec.Of<WorkflowState>("workflow#60").state, v1::Workflow::DRAFT);
}

TEST(CreateWorkflowDraft, RenamesById) {
  DraftSpec(Good())
      .When<v1::CreateWorkflowDraftRequest>(
          "workflow_id: 'workflow#1' definition { display_name: 'Hello' }")
      .ThenClaims({"workflow.name=hello"})
      .ThenReleases({"workflow.name=welcome"})
      .Given<v1::CreateWorkflowDraftRequest>("definition { display_name: 'Other' }")
      .When<v1::CreateWorkflowDraftRequest>(
          "workflow_id: 'workflow#1' definition { display_name: 'OTHER' }")
      .ThenRefused("NAME_TAKEN", "workflow_id");
}

TEST(CreateWorkflowDraft, RefusesBadFields) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += kTask;
  DraftSpec(Good())
      .When<v1::CreateWorkflowDraftRequest>("definition { }")
      .ThenRefused("FIELD_INVALID", "definition.display_name")
      .When<v1::CreateWorkflowDraftRequest>(Definition(many))
      .ThenRefused("FIELD_INVALID", "definition.actions")
      .When<v1::CreateWorkflowDraftRequest>(
          Definition("trigger { condition: '" + std::string(4097, 'x') + "' }"))
      .ThenRefused("FIELD_INVALID", "definition.trigger.condition")
      .When<v1::CreateWorkflowDraftRequest>(
          Definition("actions { add_note { body: '" + std::string(300'000, 'x') + "' } }"))
      .ThenRefused("FIELD_INVALID", "definition")
      .When<v1::CreateWorkflowDraftRequest>("workflow_id: 'w' " + Good())
      .ThenRefused("FIELD_INVALID", "workflow_id")
      .Etag("4")
      .When<v1::CreateWorkflowDraftRequest>(Definition(kTrigger))
      .ThenRefused("REVISION_CONFLICT", "found \"1\"");
}

TEST(PublishWorkflow, MakesRevisions) {
  DraftSpec spec(Good());
  spec.When<v1::PublishWorkflowRequest>("workflow: 'welcome'")
      .Then("workflow#1", "workflow { workflow_published { workflow_revision: 1 " + Good() + " } }")
      .When<v1::PublishWorkflowRequest>("workflow: 'workflow#1'")
      .ThenNothing()
      .Given<v1::CreateWorkflowDraftRequest>(Definition(std::string(kTrigger) + kTask + kTask))
      .Given<v1::PublishWorkflowRequest>("workflow: 'Welcome'");
  const WorkflowState& workflow = spec.Of<WorkflowState>("workflow#1");
  EXPECT_EQ(workflow.state, v1::Workflow::ACTIVE);
  EXPECT_EQ(workflow.published_revision, 2u);
  EXPECT_EQ(workflow.Definition(1)->actions_size(), 1);
  EXPECT_EQ(workflow.Definition(2)->actions_size(), 2);
  EXPECT_EQ(workflow.Definition(3), nullptr);
  EXPECT_FALSE(workflow.draft.has_value());
}

TEST(StopWorkflow, StopsAndPublishingStartsAgain) {
  DraftSpec spec(Good());
  spec.When<v1::StopWorkflowRequest>("workflow: 'Welcome'")
      .ThenNothing()  // A draft does not run.
      .Given<v1::PublishWorkflowRequest>("workflow: 'Welcome'")
      .When<v1::StopWorkflowRequest>("workflow: 'Welcome'")
      .Then("workflow#1", "workflow { workflow_stopped {} }")
      .When<v1::StopWorkflowRequest>("workflow: 'Welcome'")
      .ThenNothing()
      .When<v1::PublishWorkflowRequest>("workflow: 'Welcome'")
      .Then("workflow#1",
            "workflow { workflow_published { workflow_revision: 2 " + Good() + " } }");
}

TEST(PublishWorkflow, RefusesWhatDoesNotExist) {
  DraftSpec(Good())
      .When<v1::PublishWorkflowRequest>("workflow: 'Nope'")
      .ThenRefused("WORKFLOW_NOT_FOUND", "Nope")
      .When<v1::StopWorkflowRequest>("workflow: 'workflow#9'")
      .ThenRefused("WORKFLOW_NOT_FOUND", "workflow#9")
      .When<v1::PublishWorkflowRequest>("workflow: ''")
      .ThenRefused("FIELD_INVALID", "workflow")
      .Etag("4")
      .When<v1::PublishWorkflowRequest>("workflow: 'Welcome'")
      .ThenRefused("REVISION_CONFLICT", "found \"1\"")
      .OccurredAt(-1)
      .When<v1::PublishWorkflowRequest>("workflow: 'Welcome'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "workflow#1");
}

TEST(PublishWorkflow, RefusesAnUnknownAction) {
  ExpectInvalid(std::string(kTrigger) + "actions { step_id: 'x' }", "no known action");
}

TEST(PublishWorkflow, RefusesNoActions) { ExpectInvalid(kTrigger, "actions: expected 1 to 32"); }

// Another service's event can trigger if it says which deal it is about.
TEST(PublishWorkflow, TakesRegisteredEventsThatNameADeal) {
  const auto published = [](const std::string& event_type) {
    DraftSpec spec(Definition("trigger { event_type: '" + event_type + "' } " + kTask));
    spec.Given<v1::RegisterStreamTypeRequest>("name: 'invoice' definition { " +
                                              BillingDefinition().ShortDebugString() + " }");
    spec.Given<v1::RegisterStreamTypeRequest>("name: 'sensor' definition { " +
                                              OpaqueDefinition().ShortDebugString() + " }");
    spec.When<v1::PublishWorkflowRequest>("workflow: 'Welcome'");
    return spec.result().status();
  };
  EXPECT_TRUE(published("InvoicePaid").ok());
  for (const char* nameless : {"InvoiceSent", "SensorRead"}) {
    const std::string message(published(nameless).message());
    EXPECT_NE(message.find("has no text field deal_id"), std::string::npos) << message;
  }
}

TEST(PublishWorkflow, RefusesTriggersThatAreNoEventOfADeal) {
  ExpectInvalid("trigger { event_type: 'DealExploded' } " + std::string(kTask), "does not exist");
  ExpectInvalid("trigger { event_type: 'ContactCreated' } " + std::string(kTask), "no deal's");
  ExpectInvalid(kTask, "trigger.event_type");
  ExpectInvalid(
      "trigger { event_type: 'DealWon' max_trigger_age_seconds: -1 } " + std::string(kTask),
      "max_trigger_age_seconds");
}

TEST(PublishWorkflow, RefusesStepIdsThatClash) {
  ExpectInvalid(std::string(kTrigger) + "actions { step_id: '2' add_note { body: 'x' } } " + kTask,
                "again");
  ExpectInvalid(std::string(kTrigger) + "actions { step_id: 'A b' add_note { body: 'x' } }",
                "step_id");
}

TEST(PublishWorkflow, RefusesBadActions) {
  const auto action = [](const std::string& text) {
    return std::string(kTrigger) + "actions { " + text + " }";
  };
  ExpectInvalid(action("create_activity { kind: 'PARTY' title: 'x' }"), "TASK, CALL or MEETING");
  ExpectInvalid(action("create_activity { kind: 'TASK' }"), "create_activity.title");
  ExpectInvalid(action("create_activity { kind: 'TASK' title: 'x' due_in_seconds: -1 }"),
                "due_in_seconds");
  ExpectInvalid(action("move_deal {}"), "move_deal.to_stage");
  ExpectInvalid(action("set_field { field: 'stage' value: 'x' }"), "set_field.field");
  ExpectInvalid(action("set_field { field: 'title' value: '" + std::string(1025, 'x') + "' }"),
                "set_field.value");
  ExpectInvalid(action("tag {}"), "tags to add or remove");
  ExpectInvalid(action("tag { add: '' }"), "tag.add[0]");
  ExpectInvalid(action("add_note { body: '' }"), "add_note.body");
}

TEST(PublishWorkflow, NamesEveryFaultAtOnce) {
  ExpectInvalid("actions { tag {} } actions { add_note {} }", "tags to add");
  ExpectInvalid("actions { tag {} } actions { add_note {} }", "add_note.body");
}

TEST(PublishWorkflow, RefusesOneThatTriggersItself) {
  const std::pair<const char*, const char*> loops[] = {
      {"DealStageMoved", "move_deal { to_stage: 'Talk' }"},
      {"DealWon", "move_deal { to_stage: 'Talk' }"},
      {"DealLost", "move_deal { to_stage: 'Talk' }"},
      {"DealReopened", "move_deal { to_stage: 'Talk' }"},
      {"DealTagged", "tag { add: 'x' }"},
      {"DealUntagged", "tag { remove: 'x' }"},
      {"DealDetailsChanged", "set_field { field: 'title' value: 'x' }"},
      {"DealDetailsChanged", "set_field { field: 'source' }"},
      {"DealDetailsChanged", "set_field { field: 'product' }"},
      {"DealDetailsChanged", "set_field { field: 'organization' }"},
      {"DealDetailsChanged", "set_field { field: 'organization_id' }"},
      {"DealOwnerAssigned", "set_field { field: 'owner' value: 'x' }"},
      {"DealAmountChanged", "set_field { field: 'amount' value: 'x' }"},
      {"DealExpectedCloseChanged", "set_field { field: 'expected_close_date' }"},
  };
  for (const auto& [type, action] : loops) {
    const std::string text = "trigger { event_type: '" + std::string(type) + "' } " + kTask +
                             "actions { step_id: 'loop' " + action + " }";
    ExpectInvalid(text, "step \"loop\"");
    ExpectValid(text + " allow_self_trigger: true");
  }
}

TEST(PublishWorkflow, TakesActionsThatTriggerOthersOnly) {
  ExpectValid("trigger { event_type: 'DealTagged' } actions { tag { remove: 'x' } }");
  ExpectValid(
      "trigger { event_type: 'DealWon' } actions { tag { add: 'x' } }"
      "actions { add_note { body: 'x' } } actions { set_field { field: 'owner' } }");
}

TEST(WorkflowInstance, FoldsItsSteps) {
  Spec spec;
  spec.GivenEvent("wfi#1", R"(workflow_instance { instance_started { workflow_id: 'workflow#1'
          workflow_revision: 2 deal_id: 'deal#1' trigger_position: 9 } })")
      .GivenEvent("wfi#1", "workflow_instance { step_completed { step_id: '1' } }")
      .GivenEvent("wfi#1", "workflow_instance { step_completed { step_id: '2' no_effect: true } }")
      .GivenEvent("wfi#1", R"(workflow_instance { step_failed { step_id: '3'
          reason: 'DEAL_CLOSED' message: 'no' } })")
      .GivenEvent("wfi#1", "workflow_instance { instance_ended { outcome: 'FAILED' } }");
  const auto& instance = spec.Of<WorkflowInstanceState>("wfi#1");
  ASSERT_EQ(instance.steps.size(), 3u);
  EXPECT_EQ(instance.steps[0].outcome, "COMPLETED");
  EXPECT_EQ(instance.steps[1].outcome, "NO_EFFECT");
  EXPECT_EQ(instance.steps[2].outcome, "FAILED");
  EXPECT_EQ(instance.steps[2].reason, "DEAL_CLOSED");
  EXPECT_EQ(instance.outcome, "FAILED");
  EXPECT_EQ(instance.trigger_position, 9u);
  EXPECT_EQ(instance.started_at_us, SpecMinute(0));
}

}  // namespace
}  // namespace dealog::domain
