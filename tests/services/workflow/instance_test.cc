// Method: ids and principals are compared between instances that differ in one thing.

#include "services/workflow/instance.h"

#include <set>

#include "tests/services/workflow/fixture.h"

namespace dealog::workflow {
namespace {

LiveWorkflowPtr Workflow(const std::string& id) {
  LiveWorkflow workflow{.workflow_id = id, .workflow_revision = 3};
  workflow.definition.add_actions()->set_step_id("first");
  workflow.definition.add_actions();
  return std::make_shared<const LiveWorkflow>(std::move(workflow));
}

storage::v1::EventHeader Trigger(const std::string& deal, uint64_t position) {
  storage::v1::EventHeader header;
  header.mutable_stream()->set_type("deal");
  header.mutable_stream()->set_id(deal);
  header.set_position(position);
  header.set_recorded_at_us(1'760'000'000'000'000);
  header.set_causation_depth(2);
  return header;
}

TEST(Instance, IdIsAFunctionOfWorkflowDealTenantAndTrigger) {
  const auto id = [](const std::string& workflow, const std::string& tenant,
                     const std::string& deal, uint64_t position) {
    return MakeInstance(Workflow(workflow), {tenant}, deal, Trigger(deal, position)).id;
  };
  EXPECT_EQ(id("w1", "t", "d1", 7), id("w1", "t", "d1", 7));
  const std::set<std::string> ids = {id("w1", "t", "d1", 7), id("w2", "t", "d1", 7),
                                     id("w1", "u", "d1", 7), id("w1", "t", "d2", 7),
                                     id("w1", "t", "d1", 8)};
  EXPECT_EQ(ids.size(), 5u);
  for (const std::string& each : ids) EXPECT_TRUE(base::IsId("wfi", each)) << each;
}

TEST(Instance, ContextNamesTheStepAndTheCause) {
  Instance instance = MakeInstance(Workflow("w1"), kAcme, "d1", Trigger("d1", 7));
  const std::string run = "workflow/w1/revisions/3/instances/" + instance.id;
  EXPECT_EQ(NextContext(instance).origin.principal, run);
  const base::Uuid start_seed = NextContext(instance).id_seed;
  instance.started = true;
  EXPECT_EQ(NextContext(instance).origin.principal, run + "/steps/first");
  EXPECT_NE(NextContext(instance).id_seed, start_seed);
  instance.steps_done = 1;
  const commands::CommandContext context = NextContext(instance);
  EXPECT_EQ(context.origin.principal, run + "/steps/2");
  EXPECT_EQ(context.id_seed, NextContext(instance).id_seed);
  EXPECT_EQ(context.origin.causation_position.value, 7u);
  EXPECT_EQ(context.origin.causation_depth, 3u);
  EXPECT_EQ(context.origin.via, storage::v1::VIA_WORKFLOW);
  EXPECT_TRUE(context.request_id.empty());
}

TEST(IsTransient, TellsAFullDiskFromARefusal) {
  const auto error = [](absl::StatusCode code, std::string_view reason) -> absl::Status {
    return base::Error(code, reason, "test");
  };
  EXPECT_TRUE(IsTransient(error(absl::StatusCode::kResourceExhausted, "DISK_LOW")));
  EXPECT_TRUE(IsTransient(error(absl::StatusCode::kResourceExhausted, "OVERLOADED")));
  EXPECT_TRUE(IsTransient(error(absl::StatusCode::kUnavailable, "NOT_READY")));
  EXPECT_TRUE(IsTransient(error(absl::StatusCode::kUnknown, "OUTCOME_UNKNOWN")));
  EXPECT_FALSE(IsTransient(error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED")));
  EXPECT_FALSE(IsTransient(error(absl::StatusCode::kFailedPrecondition, "DEAL_CLOSED")));
  EXPECT_FALSE(IsTransient(error(absl::StatusCode::kNotFound, "MEMBER_NOT_FOUND")));
  EXPECT_FALSE(IsTransient(error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD")));
}

}  // namespace
}  // namespace dealog::workflow
