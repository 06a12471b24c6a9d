// Method: events in, answers out, before and after a reload from rows.

#include "projections/views/workflows_view.h"

#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/queries.h"
#include "tests/support/folded_views.h"

namespace dealog::projections {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WorkflowsViewTest : public testing::Test {
 protected:
  static events::v1::WorkflowDefinition Definition(const std::string& name,
                                                   const std::string& event_type = "DealWon") {
    events::v1::WorkflowDefinition definition;
    definition.set_display_name(name);
    definition.mutable_trigger()->set_event_type(event_type);
    return definition;
  }
  void Draft(const std::string& id, const events::v1::WorkflowDefinition& definition) {
    events::v1::Event event;
    *event.mutable_workflow()->mutable_workflow_drafted()->mutable_definition() = definition;
    views_.Fold("workflow", id, event);
  }
  void Publish(const std::string& id, uint64_t revision,
               const events::v1::WorkflowDefinition& definition) {
    events::v1::Event event;
    auto& published = *event.mutable_workflow()->mutable_workflow_published();
    published.set_workflow_revision(revision);
    *published.mutable_definition() = definition;
    views_.Fold("workflow", id, event);
  }
  void StartInstance(const std::string& id, const std::string& workflow_id,
                     const std::string& deal_id) {
    events::v1::Event event;
    auto& started = *event.mutable_workflow_instance()->mutable_instance_started();
    started.set_workflow_id(workflow_id);
    started.set_workflow_revision(1);
    started.set_deal_id(deal_id);
    started.set_trigger_position(77);
    views_.Fold("workflow_instance", id, event);
  }
  std::vector<std::string> Instances(const std::string& workflow, const std::string& deal_id) {
    const auto page = ListWorkflowInstances(views_, workflow, deal_id, {});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> ids;
    for (const v1::WorkflowInstance& instance : page->items) ids.push_back(instance.instance_id());
    return ids;
  }

  FoldedViews views_{{WorkflowsViewDefinition()}};
};

TEST_F(WorkflowsViewTest, DraftPublishRedraftStop) {
  Draft("workflow_1", Definition("Follow up"));
  EXPECT_EQ(GetWorkflow(views_, "workflow_1")->state(), v1::Workflow::DRAFT);
  EXPECT_EQ(GetWorkflow(views_, "workflow_1")->draft().display_name(), "Follow up");
  EXPECT_FALSE(GetWorkflow(views_, "workflow_1")->has_definition());

  Publish("workflow_1", 1, Definition("Follow up"));
  EXPECT_EQ(GetWorkflow(views_, "workflow_1")->state(), v1::Workflow::ACTIVE);
  EXPECT_EQ(GetWorkflow(views_, "workflow_1")->published_revision(), 1);
  EXPECT_FALSE(GetWorkflow(views_, "workflow_1")->has_draft());

  Draft("workflow_1", Definition("Follow up", "DealLost"));
  for (int round = 0; round < 2; ++round) {
    const auto workflow = GetWorkflow(views_, "Follow up");
    ASSERT_TRUE(workflow.ok()) << workflow.status();
    EXPECT_EQ(workflow->workflow_id(), "workflow_1");
    EXPECT_EQ(workflow->etag(), "3");
    EXPECT_EQ(workflow->state(), v1::Workflow::ACTIVE);
    EXPECT_EQ(workflow->definition().trigger().event_type(), "DealWon");
    EXPECT_EQ(workflow->draft().trigger().event_type(), "DealLost");
    views_.Reload();
  }
  Draft("workflow_1", Definition("Follow up"));
  EXPECT_FALSE(GetWorkflow(views_, "workflow_1")->has_draft()) << "equals what is published";

  events::v1::Event stopped;
  stopped.mutable_workflow()->mutable_workflow_stopped();
  views_.Fold("workflow", "workflow_1", stopped);
  EXPECT_EQ(GetWorkflow(views_, "workflow_1")->state(), v1::Workflow::STOPPED);
  Publish("workflow_1", 2, Definition("Follow up"));
  EXPECT_EQ(GetWorkflow(views_, "workflow_1")->state(), v1::Workflow::ACTIVE);
}

TEST_F(WorkflowsViewTest, ListsByDisplayName) {
  Draft("workflow_1", Definition("Zeal"));
  Draft("workflow_2", Definition("Ardour"));
  const auto page = ListWorkflows(views_, {});
  ASSERT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->items[0].display_name(), "Ardour");
  EXPECT_EQ(page->items[1].display_name(), "Zeal");
}

TEST_F(WorkflowsViewTest, UnknownWorkflowIsNotFound) {
  EXPECT_EQ(base::ReasonOf(GetWorkflow(views_, "nope").status()), "WORKFLOW_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(ListWorkflowInstances(views_, "nope", "", {}).status()),
            "WORKFLOW_NOT_FOUND");
}

TEST_F(WorkflowsViewTest, InstanceKeepsItsSteps) {
  StartInstance("wfi_1", "workflow_1", "deal_1");
  EXPECT_EQ(ListWorkflowInstances(views_, "", "", {})->items[0].state(), "RUNNING");
  events::v1::Event step;
  step.mutable_workflow_instance()->mutable_step_completed()->set_step_id("1");
  views_.Fold("workflow_instance", "wfi_1", step);
  step.mutable_workflow_instance()->mutable_step_completed()->set_no_effect(true);
  step.mutable_workflow_instance()->mutable_step_completed()->set_step_id("2");
  views_.Fold("workflow_instance", "wfi_1", step);
  auto& failed = *step.mutable_workflow_instance()->mutable_step_failed();
  failed.set_step_id("3");
  failed.set_reason("DEAL_CLOSED");
  failed.set_message("the deal is won");
  views_.Fold("workflow_instance", "wfi_1", step);
  step.mutable_workflow_instance()->mutable_instance_ended()->set_outcome("FAILED");
  views_.Fold("workflow_instance", "wfi_1", step);
  for (int round = 0; round < 2; ++round) {
    const auto page = ListWorkflowInstances(views_, "", "deal_1", {});
    ASSERT_EQ(page->items.size(), 1u);
    const v1::WorkflowInstance& instance = page->items[0];
    EXPECT_EQ(instance.workflow_id(), "workflow_1");
    EXPECT_EQ(instance.workflow_revision(), 1);
    EXPECT_EQ(instance.trigger_position(), 77);
    EXPECT_EQ(instance.state(), "FAILED");
    ASSERT_EQ(instance.steps_size(), 3);
    EXPECT_EQ(instance.steps(0).outcome(), "COMPLETED");
    EXPECT_EQ(instance.steps(0).position(), 2);
    EXPECT_EQ(instance.steps(1).outcome(), "NO_EFFECT");
    EXPECT_EQ(instance.steps(2).outcome(), "FAILED");
    EXPECT_EQ(instance.steps(2).reason(), "DEAL_CLOSED");
    EXPECT_EQ(instance.steps(2).message(), "the deal is won");
    views_.Reload();
  }
}

TEST_F(WorkflowsViewTest, InstancesNewestFirstByWorkflowAndDeal) {
  Draft("workflow_1", Definition("One"));
  Draft("workflow_2", Definition("Two"));
  StartInstance("wfi_9", "workflow_1", "deal_1");
  StartInstance("wfi_1", "workflow_2", "deal_1");
  StartInstance("wfi_5", "workflow_1", "deal_2");
  EXPECT_THAT(Instances("", ""), ElementsAre("wfi_5", "wfi_1", "wfi_9"));
  EXPECT_THAT(Instances("One", ""), ElementsAre("wfi_5", "wfi_9"));
  EXPECT_THAT(Instances("workflow_2", ""), ElementsAre("wfi_1"));
  EXPECT_THAT(Instances("", "deal_1"), ElementsAre("wfi_1", "wfi_9"));
  EXPECT_THAT(Instances("Two", "deal_2"), IsEmpty());
}

TEST_F(WorkflowsViewTest, DamagedRowIsDataLoss) {
  EXPECT_EQ(WorkflowsView().LoadRow("wx", "\xff\xff").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(WorkflowsView().LoadRow("ix", "\xff\xff").code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace dealog::projections
