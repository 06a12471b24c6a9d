// Method: specs of the commands of a whole pipeline, one per invariant and refusal.

#include <gtest/gtest.h>

#include "services/domain/pipeline_templates.h"
#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

constexpr char kThree[] =
    " stages { label: 'A' kind: OPEN } stages { label: 'W' kind: WON }"
    " stages { label: 'L' kind: LOST }";

std::string Create(const std::string& more) { return "display_name: 'P' " + more; }

TEST(CreatePipeline, TheFirstIsTheDefault) {
  Spec spec;
  spec.Seed(70)
      .When<v1::CreatePipelineRequest>(
          "display_name: 'Sales' stages { stage_id: 'stage#1' label: 'A' kind: OPEN probability: "
          "0.5 rot_threshold_seconds: 60 objective: 'Talk' actions: 'Call' required_fields: "
          "'amount' } stages { stage_id: 'stage#2' label: 'W' kind: WON } stages { stage_id: "
          "'stage#3' label: 'L' kind: LOST }")
      .Then({{"pipeline#70", R"(pipeline { pipeline_created { display_name: 'Sales'
                 subject: PIPELINE_SUBJECT_DEAL
                 stages { stage_id: 'stage#1' label: 'A' kind: STAGE_KIND_OPEN probability: 0.5
                          rot_threshold_seconds: 60 objective: 'Talk' actions { label: 'Call' }
                          required_fields: 'amount' }
                 stages { stage_id: 'stage#2' label: 'W' kind: STAGE_KIND_WON probability: 1 }
                 stages { stage_id: 'stage#3' label: 'L' kind: STAGE_KIND_LOST probability: 0 }
                 rules { allow_skip: true allow_backward: true } } })"},
             {"pipeline#70", "pipeline { default_pipeline_changed { is_default: true } }"}})
      .ThenClaims({"pipeline.name=sales", "pipeline.default=deal"});
  spec.When<v1::CreatePipelineRequest>(Create(kThree)).ThenClaims({"pipeline.name=p"});
  EXPECT_EQ(spec.result()->events.size(), 1u);
}

TEST(CreatePipeline, MakesIdsForStagesWithoutOne) {
  Spec spec;
  spec.When<v1::CreatePipelineRequest>("pipeline_id: 'pipeline#1' " + Create(kThree));
  std::vector<std::string> ids;
  for (const auto& stage : spec.Of<PipelineState>("pipeline#1").stages) {
    EXPECT_TRUE(base::IsId("stage", stage.id())) << stage.id();
    for (const auto& other : ids) EXPECT_NE(stage.id(), other);
    ids.push_back(stage.id());
  }
  EXPECT_EQ(ids.size(), 3u);
}

TEST(CreatePipeline, StartsFromATemplate) {
  Spec spec;
  spec.When<v1::CreatePipelineRequest>(
      "pipeline_id: 'pipeline#1' display_name: 'Ventes' template_name: 'sales-fr'");
  const PipelineState& pipeline = spec.Of<PipelineState>("pipeline#1");
  ASSERT_EQ(pipeline.stages.size(), 7u);
  EXPECT_EQ(pipeline.stages[2].definition.label(), "Appel découverte");
  EXPECT_EQ(pipeline.stages[5].kind(), events::v1::STAGE_KIND_WON);
  EXPECT_EQ(pipeline.rules.lost_reasons(1), "timing inadapté");
  EXPECT_EQ(pipeline.template_name, "sales-fr");
}

TEST(CreatePipeline, EveryTemplateMakesAValidPipeline) {
  for (const PipelineTemplate& known : PipelineTemplates()) {
    Spec spec;
    spec.When<v1::CreatePipelineRequest>("display_name: 'P' template_name: '" +
                                         known.description.name() + "'");
    EXPECT_TRUE(spec.result().ok()) << known.description.name() << spec.result().status();
  }
}

TEST(CreatePipeline, OwnStagesAndRulesGoBeforeTheTemplates) {
  Spec spec;
  spec.When<v1::CreatePipelineRequest>("pipeline_id: 'pipeline#1' template_name: 'sales-fr' " +
                                       Create(kThree) + "rules { creation_stages: 'A' }");
  const PipelineState& pipeline = spec.Of<PipelineState>("pipeline#1");
  EXPECT_EQ(pipeline.stages.size(), 3u);
  EXPECT_EQ(pipeline.rules.lost_reasons_size(), 0);
  ASSERT_EQ(pipeline.rules.creation_stage_ids_size(), 1);
  EXPECT_EQ(pipeline.rules.creation_stage_ids(0), pipeline.stages[0].id());
}

TEST(CreatePipeline, RefusesBadNamesAndIds) {
  PipelineSpec()
      .When<v1::CreatePipelineRequest>(kThree)
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreatePipelineRequest>("display_name: '" + std::string(129, 'x') + "'" + kThree)
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreatePipelineRequest>("display_name: ' SALES '" + std::string(kThree))
      .ThenRefused("NAME_TAKEN", "pipeline#1")
      .When<v1::CreatePipelineRequest>("pipeline_id: 'pipeline#1' " + Create(kThree))
      .ThenRefused("ID_EXISTS", "pipeline#1")
      .When<v1::CreatePipelineRequest>("pipeline_id: 'p1' " + Create(kThree))
      .ThenRefused("FIELD_INVALID", "pipeline_id");
}

TEST(CreatePipeline, RefusesStagesThatMakeNoPipeline) {
  Spec()
      .When<v1::CreatePipelineRequest>(Create(""))
      .ThenRefused("FIELD_INVALID", "stages")
      .When<v1::CreatePipelineRequest>(Create("template_name: 'nope'"))
      .ThenRefused("FIELD_INVALID", "template_name")
      .When<v1::CreatePipelineRequest>(
          Create("stages { label: 'W' kind: WON } stages { label: 'L' kind: LOST }"))
      .ThenRefused("PIPELINE_INVALID", "no OPEN")
      .When<v1::CreatePipelineRequest>(
          Create("stages { label: 'A' kind: OPEN } stages { label: 'L' kind: LOST }"))
      .ThenRefused("PIPELINE_INVALID", "no WON")
      .When<v1::CreatePipelineRequest>(
          Create("stages { label: 'A' kind: OPEN } stages { label: 'W' kind: WON }"))
      .ThenRefused("PIPELINE_INVALID", "no LOST")
      .When<v1::CreatePipelineRequest>(
          Create(std::string("stages { label: ' a' kind: OPEN }") + kThree))
      .ThenRefused("PIPELINE_INVALID", "labels that differ")
      .When<v1::CreatePipelineRequest>(
          Create("stages { stage_id: 'stage#1' label: 'X' kind: OPEN } stages { stage_id: "
                 "'stage#1' label: 'Y' kind: OPEN }"))
      .ThenRefused("PIPELINE_INVALID", "stage#1");
}

TEST(CreatePipeline, RefusesBadStages) {
  const auto stage = [](const std::string& text) {
    return Create("stages { " + text + " }" + kThree);
  };
  Spec()
      .When<v1::CreatePipelineRequest>(stage("kind: OPEN"))
      .ThenRefused("FIELD_INVALID", "stages[0].label")
      .When<v1::CreatePipelineRequest>(stage("label: 'X'"))
      .ThenRefused("FIELD_INVALID", "stages[0].kind")
      .When<v1::CreatePipelineRequest>(stage("stage_id: 'x' label: 'X' kind: OPEN"))
      .ThenRefused("FIELD_INVALID", "stages[0].stage_id")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: OPEN probability: 1.5"))
      .ThenRefused("FIELD_INVALID", "stages[0].probability")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: OPEN probability: nan"))
      .ThenRefused("FIELD_INVALID", "stages[0].probability")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: WON probability: 0.9"))
      .ThenRefused("FIELD_INVALID", "stages[0].probability")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: LOST probability: 0.1"))
      .ThenRefused("FIELD_INVALID", "stages[0].probability")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: OPEN rot_threshold_seconds: -1"))
      .ThenRefused("FIELD_INVALID", "stages[0].rot_threshold_seconds")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: OPEN objective: '\\001'"))
      .ThenRefused("FIELD_INVALID", "stages[0].objective")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: OPEN actions: ''"))
      .ThenRefused("FIELD_INVALID", "stages[0].actions[0]")
      .When<v1::CreatePipelineRequest>(stage("label: 'X' kind: OPEN required_fields: 'stage'"))
      .ThenRefused("FIELD_INVALID", "stages[0].required_fields[0]")
      .When<v1::CreatePipelineRequest>(
          stage("label: 'X' kind: OPEN required_fields: 'title' required_fields: 'title'"))
      .ThenRefused("FIELD_INVALID", "stages[0].required_fields[1]");
}

TEST(CreatePipeline, RefusesTooMuch) {
  std::string stages;
  std::string actions;
  for (int i = 0; i < 65; ++i) {
    stages += "stages { label: 'S" + std::to_string(i) + "' kind: OPEN } ";
    actions += "actions: 'a' ";
  }
  Spec()
      .When<v1::CreatePipelineRequest>(Create(stages))
      .ThenRefused("FIELD_INVALID", "stages")
      .When<v1::CreatePipelineRequest>(Create("stages { label: 'X' kind: OPEN " + actions + "}"))
      .ThenRefused("FIELD_INVALID", "stages[0].actions");
}

TEST(CreatePipeline, RefusesBadRules) {
  std::string reasons;
  for (int i = 0; i < 65; ++i) reasons += "lost_reasons: 'r" + std::to_string(i) + "' ";
  const auto rules = [](const std::string& text) {
    return Create(std::string(kThree) + "rules { " + text + " }");
  };
  Spec()
      .When<v1::CreatePipelineRequest>(rules("creation_stages: 'Z'"))
      .ThenRefused("STAGE_NOT_FOUND", "Z")
      .When<v1::CreatePipelineRequest>(rules("creation_stages: 'W'"))
      .ThenRefused("FIELD_INVALID", "rules.creation_stages[0]")
      .When<v1::CreatePipelineRequest>(rules("lost_reasons: 'a' lost_reasons: 'A '"))
      .ThenRefused("FIELD_INVALID", "rules.lost_reasons[1]")
      .When<v1::CreatePipelineRequest>(rules("lost_reasons: ''"))
      .ThenRefused("FIELD_INVALID", "rules.lost_reasons[0]")
      .When<v1::CreatePipelineRequest>(rules(reasons))
      .ThenRefused("FIELD_INVALID", "rules.lost_reasons");
}

TEST(RenamePipeline, MovesTheNamesKey) {
  PipelineSpec()
      .When<v1::RenamePipelineRequest>("pipeline: 'sales' display_name: 'Ventes'")
      .Then("pipeline#1", "pipeline { pipeline_renamed { display_name: 'Ventes' } }")
      .ThenClaims({"pipeline.name=ventes"})
      .ThenReleases({"pipeline.name=sales"})
      .When<v1::RenamePipelineRequest>("pipeline: 'pipeline#1' display_name: 'VENTES'")
      .Then("pipeline#1", "pipeline { pipeline_renamed { display_name: 'VENTES' } }")
      .ThenClaims({})
      .ThenReleases({})
      .When<v1::RenamePipelineRequest>("pipeline: 'Ventes' display_name: 'VENTES'")
      .ThenNothing()
      .When<v1::RenamePipelineRequest>("pipeline: 'Sales' display_name: 'X'")
      .ThenRefused("PIPELINE_NOT_FOUND", "Sales");
}

TEST(RenamePipeline, RefusesATakenNameAndAStaleEtag) {
  PipelineSpec()
      .Given<v1::CreatePipelineRequest>(
          "pipeline_id: 'pipeline#2' display_name: 'Club' template_name: 'singing-club-en'")
      .When<v1::RenamePipelineRequest>("pipeline: 'Club' display_name: 'sales'")
      .ThenRefused("NAME_TAKEN", "pipeline#1")
      .Etag("5")
      .When<v1::RenamePipelineRequest>("pipeline: 'Club' display_name: 'Choir'")
      .ThenRefused("REVISION_CONFLICT", "found \"1\"")
      .When<v1::RenamePipelineRequest>("pipeline: '' display_name: 'Choir'")
      .ThenRefused("FIELD_INVALID", "pipeline")
      .When<v1::RenamePipelineRequest>("pipeline: 'Club' display_name: ''")
      .ThenRefused("FIELD_INVALID", "display_name");
}

TEST(RenamePipeline, RefusesATimeBeforeTheLastChange) {
  PipelineSpec()
      .Given<v1::RenamePipelineRequest>("pipeline: 'Sales' display_name: 'Ventes'")
      .OccurredAt(9)
      .When<v1::RenamePipelineRequest>("pipeline: 'Ventes' display_name: 'Sales'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "its last change")
      .OccurredAt(99)
      .When<v1::RenamePipelineRequest>("pipeline: 'Ventes' display_name: 'Sales'")
      .ThenRefused("OCCURRED_IN_FUTURE");
}

TEST(SetDefaultPipeline, TakesItFromTheOther) {
  PipelineSpec spec;
  spec.Given<v1::CreatePipelineRequest>(
          "pipeline_id: 'pipeline#2' display_name: 'Club' template_name: 'singing-club-en'")
      .When<v1::SetDefaultPipelineRequest>("pipeline: 'Club'")
      .Then({{"pipeline#1", "pipeline { default_pipeline_changed { is_default: false } }"},
             {"pipeline#2", "pipeline { default_pipeline_changed { is_default: true } }"}})
      .ThenClaims({"pipeline.default=deal"})
      .ThenReleases({"pipeline.default=deal"})
      .When<v1::SetDefaultPipelineRequest>("pipeline: 'Club'")
      .ThenNothing()
      .When<v1::OpenDealRequest>("deal_id: 'deal#1'");
  EXPECT_EQ(spec.Of<DealState>("deal#1").pipeline_id, ExpandIds("pipeline#2"));
}

TEST(ArchivePipeline, IsNoDefaultAnyMore) {
  PipelineSpec()
      .When<v1::ArchivePipelineRequest>("pipeline: 'Sales'")
      .Then({{"pipeline#1", "pipeline { pipeline_archived {} }"},
             {"pipeline#1", "pipeline { default_pipeline_changed { is_default: false } }"}})
      .ThenReleases({"pipeline.default=deal"})
      .When<v1::ArchivePipelineRequest>("pipeline: 'Sales'")
      .ThenNothing()
      .When<v1::SetDefaultPipelineRequest>("pipeline: 'Sales'")
      .ThenRefused("PIPELINE_ARCHIVED", "pipeline#1");
}

TEST(SetTransitionRules, ReplacesThemWhole) {
  PipelineSpec()
      .When<v1::SetTransitionRulesRequest>(
          "pipeline: 'Sales' rules { creation_stages: 'Talk' creation_stages: 'stage#2' "
          "lost_reasons: 'Timing' }")
      .Then("pipeline#1", R"(pipeline { transition_rules_changed { rules {
          creation_stage_ids: 'stage#2' lost_reasons: 'Timing' } } })")
      .When<v1::SetTransitionRulesRequest>(
          "pipeline: 'Sales' rules { creation_stages: 'Talk' lost_reasons: 'Timing' }")
      .ThenNothing()
      .When<v1::SetTransitionRulesRequest>("pipeline: 'Sales'")
      .ThenRefused("FIELD_INVALID", "rules")
      .When<v1::SetTransitionRulesRequest>("pipeline: 'Sales' rules { creation_stages: 'Lost' }")
      .ThenRefused("FIELD_INVALID", "rules.creation_stages[0]")
      .Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'")
      .When<v1::SetTransitionRulesRequest>("pipeline: 'Sales' rules { creation_stages: 'New' }")
      .ThenRefused("STAGE_RETIRED", "stage#2");
}

}  // namespace
}  // namespace dealog::domain
