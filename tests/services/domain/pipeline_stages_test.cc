// Method: specs of the commands of a pipeline's stages, and of what their events leave behind.

#include <gtest/gtest.h>

#include "services/domain/references.h"
#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

std::string Labels(Spec& spec) {
  std::string labels;
  for (const PipelineStage& stage : spec.Of<PipelineState>("pipeline#1").stages) {
    labels += stage.definition.label() + " ";
  }
  return labels;
}

absl::StatusOr<Decision> Finish(const CommandMeta& meta, StateReader& reader) {
  return DecideFinishRetirement(ExpandIds("pipeline#1"), ExpandIds("stage#2"), meta, reader);
}

constexpr char kRetireTalk[] = "pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Offer'";

TEST(AddStage, GoesAfterTheLastOfItsKind) {
  PipelineSpec spec;
  spec.Seed(50)
      .When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'Close' kind: OPEN }")
      .Then("pipeline#1", R"(pipeline { stage_added { index: 3
          stage { stage_id: 'stage#50' label: 'Close' kind: STAGE_KIND_OPEN } } })")
      .When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'First' kind: OPEN } index: 0");
  EXPECT_EQ(Labels(spec), "First New Talk Offer Close Won Lost ");
}

TEST(AddStage, RefusesBadStages) {
  PipelineSpec()
      .When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'TALK' kind: OPEN }")
      .ThenRefused("PIPELINE_INVALID", "stage#2")
      .When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'X' kind: OPEN } index: 6")
      .ThenRefused("FIELD_INVALID", "index")
      .When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'X' kind: OPEN } index: -1")
      .ThenRefused("FIELD_INVALID", "index")
      .When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'X' }")
      .ThenRefused("FIELD_INVALID", "stage.kind")
      .When<v1::AddStageRequest>("pipeline: 'Sales'")
      .ThenRefused("FIELD_INVALID", "stage.label")
      .When<v1::AddStageRequest>(
          "pipeline: 'Sales' stage { stage_id: 'stage#1' label: 'X' kind: OPEN }")
      .ThenRefused("ID_EXISTS", "stage#1")
      .When<v1::AddStageRequest>(
          "pipeline: 'Sales' stage { stage_id: 'deal#1' label: 'X' kind: OPEN }")
      .ThenRefused("FIELD_INVALID", "stage.stage_id")
      .WhenDecided([](const CommandMeta& meta, StateReader& reader) {
        auto request =
            FromText<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'X' kind: OPEN }");
        request.mutable_stage()->set_kind(static_cast<v1::Stage::Kind>(42));
        return Decide(request, meta, reader);
      })
      .ThenRefused("FIELD_INVALID", "stage.kind");
}

TEST(AddStage, RefusesMoreThanTheLimit) {
  PipelineSpec spec;
  for (int i = 5; i < 64; ++i) {
    spec.Given<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'S" + std::to_string(i) +
                                    "' kind: OPEN }");
  }
  spec.When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'X' kind: OPEN }")
      .ThenRefused("LIMIT_EXCEEDED", "kStagesMax");
}

TEST(RenameStage, KeepsTheId) {
  PipelineSpec()
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'Talk' label: 'Call'")
      .Then("pipeline#1", "pipeline { stage_renamed { stage_id: 'stage#2' label: 'Call' } }")
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'stage#2' label: 'Call'")
      .ThenNothing()
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'Call' label: 'call'")
      .Then("pipeline#1", "pipeline { stage_renamed { stage_id: 'stage#2' label: 'call' } }")
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'Talk' label: 'X'")
      .ThenRefused("STAGE_NOT_FOUND", "Talk")
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'call' label: 'new '")
      .ThenRefused("PIPELINE_INVALID", "stage#1")
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'call' label: ' '")
      .ThenRefused("FIELD_INVALID", "label")
      .When<v1::RenameStageRequest>("pipeline: 'Sales' label: 'X'")
      .ThenRefused("FIELD_INVALID", "stage");
}

TEST(ReorderStages, TakesAPermutationById) {
  PipelineSpec spec;
  spec.When<v1::ReorderStagesRequest>(
          "pipeline: 'Sales' stages: ['Offer', 'New', 'stage#2', 'Lost', 'Won']")
      .Then("pipeline#1", R"(pipeline { stages_reordered {
          stage_ids: ['stage#3', 'stage#1', 'stage#2', 'stage#5', 'stage#4'] } })");
  EXPECT_EQ(Labels(spec), "Offer New Talk Lost Won ");
  spec.When<v1::ReorderStagesRequest>(
          "pipeline: 'Sales' stages: ['Offer', 'New', 'Talk', 'Lost', 'Won']")
      .ThenNothing();
}

TEST(ReorderStages, RefusesWhatIsNoPermutation) {
  PipelineSpec()
      .When<v1::ReorderStagesRequest>("pipeline: 'Sales' stages: ['New', 'Talk', 'Offer', 'Won']")
      .ThenRefused("PIPELINE_INVALID", "found 4")
      .When<v1::ReorderStagesRequest>("pipeline: 'Sales'")
      .ThenRefused("PIPELINE_INVALID", "found 0")
      .When<v1::ReorderStagesRequest>(
          "pipeline: 'Sales' stages: ['New', 'New', 'Talk', 'Offer', 'Won', 'Lost']")
      .ThenRefused("PIPELINE_INVALID", "again")
      .When<v1::ReorderStagesRequest>(
          "pipeline: 'Sales' stages: ['New', 'Nope', 'Offer', 'Won', 'Lost']")
      .ThenRefused("STAGE_NOT_FOUND", "Nope");
}

TEST(ReorderStages, LeavesRetiredStagesOut) {
  PipelineSpec spec;
  spec.Given<v1::RetireStageRequest>(kRetireTalk)
      .WhenDecided(Finish)
      .When<v1::ReorderStagesRequest>(
          "pipeline: 'Sales' stages: ['New', 'stage#2', 'Offer', 'Won', 'Lost']")
      .ThenRefused("PIPELINE_INVALID", "retired")
      .When<v1::ReorderStagesRequest>("pipeline: 'Sales' stages: ['Offer', 'New', 'Won', 'Lost']");
  EXPECT_EQ(Labels(spec), "Offer New Won Lost Talk ");
}

TEST(UpdateStage, MakesOneEventPerFact) {
  PipelineSpec()
      .When<v1::UpdateStageRequest>(R"(pipeline: 'Sales' stage: 'Talk'
          values { probability: 0.3 rot_threshold_seconds: 86400 objective: 'Listen'
                   actions: 'Call' required_fields: 'amount' }
          update_mask { paths: ['probability', 'rot_threshold_seconds', 'objective', 'actions',
                                'required_fields'] })")
      .Then({{"pipeline#1",
              "pipeline { stage_probability_changed { stage_id: 'stage#2' probability: 0.3 } }"},
             {"pipeline#1", R"(pipeline { stage_rot_threshold_changed {
                 stage_id: 'stage#2' rot_threshold_seconds: 86400 } })"},
             {"pipeline#1", R"(pipeline { stage_exit_criteria_changed { stage_id: 'stage#2'
                 objective: 'Listen' actions { label: 'Call' } required_fields: 'amount' } })"}})
      .When<v1::UpdateStageRequest>(R"(pipeline: 'Sales' stage: 'Talk'
          values { objective: 'Listen' } update_mask { paths: 'objective' })")
      .ThenNothing()
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Talk' update_mask { paths: ['probability', 'actions'] }")
      .Then({{"pipeline#1", "pipeline { stage_probability_changed { stage_id: 'stage#2' } }"},
             {"pipeline#1", R"(pipeline { stage_exit_criteria_changed { stage_id: 'stage#2'
                 objective: 'Listen' required_fields: 'amount' } })"}});
}

TEST(UpdateStage, RequiresFieldsByAnyOfTheirNamesAndKeepsTheOne) {
  const auto require = [](const std::string& fields) {
    return "pipeline: 'Sales' stage: 'Talk' values { " + fields +
           " } update_mask { paths: 'required_fields' }";
  };
  PipelineSpec()
      .When<v1::UpdateStageRequest>(
          require("required_fields: 'organization_id' required_fields: 'owner'"))
      .Then("pipeline#1", R"(pipeline { stage_exit_criteria_changed { stage_id: 'stage#2'
          required_fields: 'organization' required_fields: 'owner' } })")
      .When<v1::UpdateStageRequest>(
          require("required_fields: 'organization_id' required_fields: 'organization'"))
      .ThenRefused("FIELD_INVALID", "values.required_fields[1]")
      .When<v1::UpdateStageRequest>(require("required_fields: 'stage'"))
      .ThenRefused("FIELD_INVALID", "values.required_fields[0]");
}

TEST(UpdateStage, AClosedStagesProbabilityStays) {
  PipelineSpec()
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Won' update_mask { paths: 'probability' }")
      .ThenNothing()
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Won' values { probability: 0.5 }"
          " update_mask { paths: 'probability' }")
      .ThenRefused("FIELD_INVALID", "values.probability");
}

TEST(UpdateStage, RefusesBadMasksAndValues) {
  PipelineSpec()
      .When<v1::UpdateStageRequest>("pipeline: 'Sales' stage: 'Talk' values { objective: 'x' }")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Talk' update_mask { paths: 'label' }")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Talk' values { probability: -1 }"
          " update_mask { paths: 'probability' }")
      .ThenRefused("FIELD_INVALID", "values.probability")
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Talk' values { "
          "rot_threshold_seconds: 999999999999 } update_mask { paths: "
          "'rot_threshold_seconds' }")
      .ThenRefused("FIELD_INVALID", "values.rot_threshold_seconds");
}

TEST(RetireStage, ClosesItForEntryAndAJobFinishes) {
  PipelineSpec spec;
  spec.When<v1::RetireStageRequest>(kRetireTalk)
      .Then("pipeline#1", R"(pipeline { stage_retirement_started {
          stage_id: 'stage#2' replacement_stage_id: 'stage#3' } })")
      .When<v1::RetireStageRequest>(kRetireTalk)
      .ThenNothing()
      .WhenDecided(Finish)
      .Then("pipeline#1", R"(pipeline { stage_retired {
          stage_id: 'stage#2' replacement_stage_id: 'stage#3' } })")
      .WhenDecided(Finish)
      .ThenNothing();
  EXPECT_EQ(Labels(spec), "New Offer Won Lost Talk ");
  spec.When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'Talk' kind: OPEN }");
  EXPECT_TRUE(spec.result().ok()) << "a retired label is free";
}

TEST(RetireStage, AReusedLabelMeansTheLivingStage) {
  PipelineSpec spec;
  spec.Given<v1::RetireStageRequest>(kRetireTalk)
      .WhenDecided(Finish)
      .Given<v1::AddStageRequest>(
          "pipeline: 'Sales' stage { stage_id: 'stage#6' label: 'Talk' kind: OPEN }");
  const PipelineState& pipeline = spec.Of<PipelineState>("pipeline#1");
  EXPECT_EQ(FindStageByIdOrLabel(pipeline, "talk")->id(), ExpandIds("stage#6"));
  spec.Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'New'");
  EXPECT_EQ(FindStageByIdOrLabel(pipeline, "talk")->id(), ExpandIds("stage#6"));
  EXPECT_EQ(FindStageByIdOrLabel(pipeline, ExpandIds("stage#2"))->id(), ExpandIds("stage#2"));
}

TEST(RetireStage, RefusesTheLastOfAKind) {
  PipelineSpec()
      .Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'")
      .Given<v1::RetireStageRequest>(kRetireTalk)
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Offer' replacement_stage: 'New'")
      .ThenRefused("PIPELINE_INVALID", "last OPEN")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Won' replacement_stage: 'Lost'")
      .ThenRefused("PIPELINE_INVALID", "last WON")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Lost'")
      .ThenRefused("PIPELINE_INVALID", "last LOST");
}

TEST(RetireStage, RefusesAReplacementThatCanTakeNoDeals) {
  PipelineSpec()
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Talk'")
      .ThenRefused("PIPELINE_INVALID", "the same")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Won'")
      .ThenRefused("PIPELINE_INVALID", "found WON")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'X'")
      .ThenRefused("STAGE_NOT_FOUND", "X")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk'")
      .ThenRefused("FIELD_INVALID", "replacement_stage")
      .Given<v1::RetireStageRequest>(kRetireTalk)
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'")
      .ThenRefused("PIPELINE_INVALID", "retired one")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'New'")
      .ThenRefused("STAGE_RETIRED", "stage#3")
      .When<v1::RenameStageRequest>("pipeline: 'Sales' stage: 'Talk' label: 'X'")
      .ThenRefused("STAGE_RETIRED", "stage#3")
      .When<v1::UpdateStageRequest>(
          "pipeline: 'Sales' stage: 'Talk' update_mask { paths: 'objective' }")
      .ThenRefused("STAGE_RETIRED", "stage#3");
}

TEST(RetireStage, TheRulesNameTheReplacement) {
  PipelineSpec("rules { creation_stages: ['New', 'Talk'] }")
      .When<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'")
      .Then({{"pipeline#1", R"(pipeline { stage_retirement_started {
                 stage_id: 'stage#1' replacement_stage_id: 'stage#2' } })"},
             {"pipeline#1", R"(pipeline { transition_rules_changed { rules {
                 creation_stage_ids: 'stage#2' } } })"}});
}

TEST(RetireStage, AChainOfReplacementsEndsAtAnActiveStage) {
  PipelineSpec spec;
  spec.Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'")
      .Given<v1::RetireStageRequest>(kRetireTalk);
  const PipelineState& pipeline = spec.Of<PipelineState>("pipeline#1");
  EXPECT_EQ(pipeline.Successor(pipeline.stages[0]).id(), ExpandIds("stage#3"));
}

TEST(FinishRetirement, RefusesAStageThatIsNotRetiring) {
  PipelineSpec().WhenDecided(Finish).ThenRefused("PIPELINE_INVALID", "not being retired");
}

TEST(PipelineState, IsSilentOnEventsOfStagesThatItLacks) {
  PipelineSpec spec;
  for (const char* event :
       {"stage_renamed { stage_id: 'x' label: 'y' }", "stages_reordered { stage_ids: 'x' }",
        "stage_probability_changed { stage_id: 'x' }", "stage_retired { stage_id: 'x' }",
        "stage_rot_threshold_changed { stage_id: 'x' }", "stage_retirement_started {}",
        "stage_exit_criteria_changed { stage_id: 'x' }"}) {
    spec.GivenEvent("pipeline#1", "pipeline { " + std::string(event) + " }");
  }
  spec.GivenEvent("pipeline#1", "deal { deal_won {} }").GivenEvent("pipeline#1", "");
  EXPECT_EQ(Labels(spec), "New Talk Offer Won Lost ");
  spec.GivenEvent("pipeline#1", "pipeline { stage_added { index: 99 stage { label: 'End' } } }");
  EXPECT_EQ(Labels(spec), "New Talk Offer Won Lost End ");
}

}  // namespace
}  // namespace dealog::domain
