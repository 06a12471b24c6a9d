// Method: given/when/then specs of MoveDeal, WinDeal, LoseDeal and a stage's retirement, one per
// rule of the target's kind and one per refusal.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

constexpr char kStrict[] = "rules { allow_skip: false allow_backward: false }";
constexpr char kNeedsAmount[] = "required_fields: 'amount' required_fields: 'owner'";

TEST(MoveDeal, MovesToTheNextStage) {
  DealSpec spec;
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'stage#2'")
      .Then("deal#1", R"(deal { deal_stage_moved {
          from_stage_id: 'stage#1' to_stage_id: 'stage#2' direction: MOVE_DIRECTION_FORWARD
          pipeline_revision: 2 visit_duration_us: 600000000 cause: MOVE_CAUSE_COMMAND } })");
  const DealStage& stage = spec.Of<DealState>("deal#1").stage;
  EXPECT_EQ(stage.stage_id, ExpandIds("stage#2"));
  EXPECT_EQ(stage.entered_at_us, SpecMinute(20));
  EXPECT_TRUE(stage.open());
}

TEST(MoveDeal, FindsTheStageByLabelWhateverItsCase) {
  DealSpec()
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: '  oFFer '")
      .Then("deal#1", R"(deal { deal_stage_moved {
          from_stage_id: 'stage#1' to_stage_id: 'stage#3' direction: MOVE_DIRECTION_SKIP_FORWARD
          skipped_stage_ids: 'stage#2' pipeline_revision: 2 visit_duration_us: 600000000
          cause: MOVE_CAUSE_COMMAND } })");
}

TEST(MoveDeal, MovesBackward) {
  DealSpec spec;
  spec.Moved("Offer")
      .Now(50)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'")
      .Then("deal#1", R"(deal { deal_stage_moved {
          from_stage_id: 'stage#3' to_stage_id: 'stage#1' direction: MOVE_DIRECTION_BACKWARD
          pipeline_revision: 2 visit_duration_us: 1800000000 cause: MOVE_CAUSE_COMMAND } })");
}

TEST(MoveDeal, WinsByTheTargetsKind) {
  DealSpec spec;
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Won'")
      .Then("deal#1", R"(deal { deal_won { from_stage_id: 'stage#1' stage_id: 'stage#4'
          pipeline_revision: 2 cycle: 1 visit_duration_us: 600000000 } })");
  const DealStage& stage = spec.Of<DealState>("deal#1").stage;
  EXPECT_EQ(stage.status, v1::Deal::WON);
  EXPECT_EQ(stage.closed_at_us, SpecMinute(20));
  EXPECT_EQ(stage.last_open_stage_id, ExpandIds("stage#1"));
}

TEST(MoveDeal, LosesByTheTargetsKind) {
  DealSpec spec;
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Lost' reason: 'too late'")
      .Then("deal#1", R"(deal { deal_lost { from_stage_id: 'stage#1' stage_id: 'stage#5'
          pipeline_revision: 2 cycle: 1 reason: 'too late' visit_duration_us: 600000000 } })");
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.lost_reason, "too late");
}

TEST(MoveDeal, ReopensAWonDealInANewCycle) {
  DealSpec spec;
  spec.Moved("Won")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .Then("deal#1", R"(deal { deal_reopened { from_stage_id: 'stage#4' stage_id: 'stage#2'
          mode: REOPEN_MODE_NEW_CYCLE cycle: 2 pipeline_revision: 2 } })");
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.cycle, 2u);
}

TEST(MoveDeal, ReopensALostDealInTheSameCycle) {
  DealSpec spec;
  spec.Moved("Lost")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'")
      .Then("deal#1", R"(deal { deal_reopened { from_stage_id: 'stage#5' stage_id: 'stage#1'
          mode: REOPEN_MODE_RESUME cycle: 1 pipeline_revision: 2 } })");
}

TEST(MoveDeal, BetweenWonStagesLeavesTheClosingAlone) {
  DealSpec spec;
  spec.Given<v1::AddStageRequest>(
      "pipeline: 'Sales' stage { stage_id: 'stage#6' label: 'Signed' kind: WON }");
  spec.Moved("Won")
      .Now(40)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Signed'")
      .Then("deal#1", R"(deal { deal_stage_moved {
          from_stage_id: 'stage#4' to_stage_id: 'stage#6' direction: MOVE_DIRECTION_SIDEWAYS
          pipeline_revision: 3 visit_duration_us: 1140000000 cause: MOVE_CAUSE_COMMAND } })");
  const DealStage& stage = spec.Of<DealState>("deal#1").stage;
  EXPECT_EQ(stage.status, v1::Deal::WON);
  EXPECT_EQ(stage.closed_at_us, SpecMinute(21));
}

TEST(MoveDeal, RefusesWonToLostAndBack) {
  DealSpec won;
  won.Moved("Won")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Lost' reason: 'no budget'")
      .ThenRefused("DEAL_CLOSED", "WON");
  DealSpec lost;
  lost.Moved("Lost")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Won'")
      .ThenRefused("DEAL_CLOSED", "LOST");
}

TEST(MoveDeal, RefusesTheCurrentStage) {
  DealSpec()
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'")
      .ThenRefused("ALREADY_IN_STAGE", "stage#1");
}

TEST(MoveDeal, RefusesAStageOfAnotherPipeline) {
  DealSpec spec;
  spec.Given<v1::CreatePipelineRequest>(
      "pipeline_id: 'pipeline#2' display_name: 'Club' template_name: 'singing-club-fr'");
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Nouveau prospect'")
      .ThenRefused("STAGE_NOT_FOUND", "Nouveau prospect");
  const auto& other = spec.Of<PipelineState>("pipeline#2").stages.front();
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: '" + other.id() + "'")
      .ThenRefused("STAGE_NOT_FOUND", other.id());
}

TEST(MoveDeal, RefusesWhatDoesNotExist) {
  DealSpec()
      .When<v1::MoveDealRequest>("deal_id: 'deal#9' to_stage: 'Talk'")
      .ThenRefused("DEAL_NOT_FOUND", "deal#9")
      .When<v1::MoveDealRequest>("deal_id: '' to_stage: 'Talk'")
      .ThenRefused("FIELD_INVALID", "deal_id")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: ''")
      .ThenRefused("FIELD_INVALID", "to_stage")
      .When<v1::MoveDealRequest>("deal_id: '" + std::string(500, 'x') + "' to_stage: 'Talk'")
      .ThenRefused("DEAL_NOT_FOUND");
}

TEST(MoveDeal, RefusesARetiringOrRetiredStage) {
  DealSpec spec;
  spec.Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Offer'");
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'stage#2'")
      .ThenRefused("STAGE_RETIRED", "stage#3");
  spec.WhenDecided([](const CommandMeta& meta, StateReader& reader) {
        return DecideFinishRetirement(ExpandIds("pipeline#1"), ExpandIds("stage#2"), meta, reader);
      })
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("STAGE_RETIRED", "stage#3");
}

TEST(MoveDeal, RefusesASkipWhereThePipelineHasNone) {
  DealSpec spec(kStrict);
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'")
      .ThenRefused("TRANSITION_NOT_ALLOWED", "skip");
  spec.Override("the client asked for it")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'");
  EXPECT_TRUE(spec.result().ok());
}

TEST(MoveDeal, RefusesABackwardMoveWhereThePipelineHasNone) {
  DealSpec spec(kStrict);
  spec.Moved("Talk")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'")
      .ThenRefused("TRANSITION_NOT_ALLOWED", "back")
      .Via(storage::v1::VIA_IMPORT)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'");
  EXPECT_TRUE(spec.result().ok());
}

TEST(MoveDeal, EachRuleStandsAlone) {
  DealSpec skips("rules { allow_skip: true }");
  skips.Moved("Offer")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'")
      .ThenRefused("TRANSITION_NOT_ALLOWED", "back");
  DealSpec goes_back("rules { allow_backward: true }");
  goes_back.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'")
      .ThenRefused("TRANSITION_NOT_ALLOWED", "skip");
  goes_back.Moved("Talk").When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'");
  EXPECT_TRUE(goes_back.result().ok());
}

TEST(MoveDeal, PassingARetiringStageSkipsNothing) {
  DealSpec spec(kStrict);
  spec.Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Offer'");
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'")
      .Then("deal#1", R"(deal { deal_stage_moved {
          from_stage_id: 'stage#1' to_stage_id: 'stage#3' direction: MOVE_DIRECTION_FORWARD
          pipeline_revision: 3 visit_duration_us: 660000000 cause: MOVE_CAUSE_COMMAND } })");
}

TEST(MoveDeal, AsksForTheStagesFieldsToGoForward) {
  DealSpec spec(kStrict);
  spec.Given<v1::UpdateStageRequest>(
      "pipeline: 'Sales' stage: 'New' values { required_fields: 'source' }"
      " update_mask { paths: 'required_fields' }");
  spec.When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("EXIT_CRITERIA_NOT_MET", "source")
      .Given<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' source: 'fair' update_mask { paths: 'source' }")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'");
  EXPECT_TRUE(spec.result().ok()) << spec.result().status();
}

TEST(MoveDeal, AsksForNothingToGoBack) {
  DealSpec spec("rules { allow_skip: true allow_backward: true }", kNeedsAmount);
  spec.Moved("Offer").When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New'");
  EXPECT_TRUE(spec.result().ok());
}

TEST(MoveDeal, RefusesAReasonOrAModeWithoutUse) {
  DealSpec()
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk' reason: 'why not'")
      .ThenRefused("FIELD_INVALID", "reason")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Won' mode: REOPEN_MODE_RESUME")
      .ThenRefused("FIELD_INVALID", "mode");
}

TEST(MoveDeal, RefusesAStaleEtag) {
  DealSpec()
      .Etag("7")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("REVISION_CONFLICT", "expected etag \"7\", found \"1\"")
      .Etag("1")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .When<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'hot'");
}

TEST(MoveDeal, RefusesTheFuture) {
  DealSpec()
      .OccurredAt(21)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("OCCURRED_IN_FUTURE");
}

TEST(MoveDeal, RefusesATimeBeforeTheOpening) {
  DealSpec()
      .OccurredAt(9)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "DealOpened");
}

TEST(MoveDeal, RefusesATimeBeforeTheLastStageEvent) {
  DealSpec spec;
  spec.Moved("Talk")
      .Now(40)
      .OccurredAt(19)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "DealStageMoved (revision 2)")
      .OccurredAt(20)  // Ties keep the order of the stream.
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'");
  EXPECT_TRUE(spec.result().ok());
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.entered_at_us, SpecMinute(20));
}

TEST(MoveDeal, RefusesAnOverrideReasonThatIsNoText) {
  DealSpec()
      .Override(std::string(513, 'x'))
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("FIELD_INVALID", "override_reason")
      .Override("bell \x07")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("FIELD_INVALID", "override_reason");
}

TEST(WinDeal, WinsInTheFirstWonStageByDefault) {
  DealSpec()
      .When<v1::WinDealRequest>("deal_id: 'deal#1'")
      .Then("deal#1", R"(deal { deal_won { from_stage_id: 'stage#1' stage_id: 'stage#4'
          pipeline_revision: 2 cycle: 1 visit_duration_us: 600000000 } })");
}

TEST(WinDeal, SetsTheAmountInTheSameCommit) {
  DealSpec spec(kStrict);
  spec.Given<v1::UpdateStageRequest>(
      "pipeline: 'Sales' stage: 'New' values { required_fields: 'amount' }"
      " update_mask { paths: 'required_fields' }");
  spec.When<v1::WinDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("EXIT_CRITERIA_NOT_MET", "amount")
      .Now(20)
      .When<v1::WinDealRequest>(
          "deal_id: 'deal#1' amount { currency_code: 'EUR' units: 12 nanos: 340000000 }")
      .Then(
          {{"deal#1",
            "deal { deal_amount_changed { amount { currency_code: 'EUR' amount_minor: 1234 } } }"},
           {"deal#1", R"(deal { deal_won { from_stage_id: 'stage#1' stage_id: 'stage#4'
                 pipeline_revision: 3 cycle: 1 visit_duration_us: 600000000 } })"}});
}

TEST(WinDeal, RefusesAClosedDealAndAStageOfAnotherKind) {
  DealSpec spec;
  spec.When<v1::WinDealRequest>("deal_id: 'deal#1' stage: 'Lost'")
      .ThenRefused("FIELD_INVALID", "stage")
      .When<v1::WinDealRequest>("deal_id: 'deal#1' stage: 'Nowhere'")
      .ThenRefused("STAGE_NOT_FOUND", "Nowhere")
      .Given<v1::WinDealRequest>("deal_id: 'deal#1'")
      .When<v1::WinDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("DEAL_CLOSED", "deal#1");
}

TEST(WinDeal, RefusesAnotherCurrency) {
  DealSpec()
      .Given<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' amount { currency_code: 'EUR' units: 1 }"
          " update_mask { paths: 'amount' }")
      .When<v1::WinDealRequest>("deal_id: 'deal#1' amount { currency_code: 'USD' units: 1 }")
      .ThenRefused("CURRENCY_MISMATCH", "EUR");
}

TEST(LoseDeal, LosesInTheNamedStage) {
  DealSpec()
      .When<v1::LoseDealRequest>("deal_id: 'deal#1' stage: 'stage#5' reason: 'no budget'")
      .Then("deal#1", R"(deal { deal_lost { from_stage_id: 'stage#1' stage_id: 'stage#5'
          pipeline_revision: 2 cycle: 1 reason: 'no budget' visit_duration_us: 600000000 } })");
}

TEST(LoseDeal, NeedsAReasonWhereThePipelineAsks) {
  DealSpec spec("rules { lost_reason_required: true }");
  spec.When<v1::LoseDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("REASON_REQUIRED", "reason")
      .When<v1::LoseDealRequest>("deal_id: 'deal#1' reason: '  '")
      .ThenRefused("REASON_REQUIRED", "reason")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Lost'")
      .ThenRefused("REASON_REQUIRED", "reason")
      .Via(storage::v1::VIA_IMPORT)  // History has losses without a reason.
      .When<v1::LoseDealRequest>("deal_id: 'deal#1'");
  EXPECT_TRUE(spec.result().ok());
}

TEST(LoseDeal, TakesTheReasonAsTheListWritesIt) {
  DealSpec spec("rules { lost_reasons: 'No budget' lost_reasons: 'Timing' }");
  spec.When<v1::LoseDealRequest>("deal_id: 'deal#1' reason: 'they hate us'")
      .ThenRefused("REASON_REQUIRED", "No budget")
      .Now(20)
      .When<v1::LoseDealRequest>("deal_id: 'deal#1' reason: ' no  BUDGET'")
      .Then("deal#1", R"(deal { deal_lost { from_stage_id: 'stage#1' stage_id: 'stage#5'
          pipeline_revision: 2 cycle: 1 reason: 'No budget' visit_duration_us: 600000000 } })");
}

TEST(LoseDeal, RefusesAnOverLongReasonAndAClosedDeal) {
  DealSpec()
      .When<v1::LoseDealRequest>("deal_id: 'deal#1' reason: '" + std::string(257, 'x') + "'")
      .ThenRefused("FIELD_INVALID", "reason")
      .Given<v1::LoseDealRequest>("deal_id: 'deal#1'")
      .When<v1::LoseDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("DEAL_CLOSED", "deal#1");
}

TEST(RetirementMove, TakesTheDealToTheReplacementWhateverTheRules) {
  DealSpec spec(kStrict);
  const auto retire = [](const CommandMeta& meta, StateReader& reader) {
    return DecideRetirementMove(ExpandIds("deal#1"), ExpandIds("stage#1"), meta, reader);
  };
  spec.WhenDecided(retire).ThenRefused("PIPELINE_INVALID", "not being retired");
  spec.Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Offer'");
  spec.Now(30)
      .WhenDecided(retire)
      .Then("deal#1", R"(deal { deal_stage_moved {
          from_stage_id: 'stage#1' to_stage_id: 'stage#3' direction: MOVE_DIRECTION_SIDEWAYS
          pipeline_revision: 3 visit_duration_us: 1200000000 cause: MOVE_CAUSE_STAGE_RETIRED } })")
      .WhenDecided(retire)
      .ThenNothing()  // It left the stage already.
      .When<v1::UndoDealMoveRequest>("deal_id: 'deal#1'")
      .ThenRefused("NOTHING_TO_UNDO");
}

TEST(RetirementMove, MovesClosedDealsWithoutReopeningThem) {
  DealSpec spec;
  spec.Given<v1::AddStageRequest>(
      "pipeline: 'Sales' stage { stage_id: 'stage#6' label: 'Signed' kind: WON }");
  spec.Moved("Won").Given<v1::RetireStageRequest>(
      "pipeline: 'Sales' stage: 'Won' replacement_stage: 'Signed'");
  spec.WhenDecided([](const CommandMeta& meta, StateReader& reader) {
    return DecideRetirementMove(ExpandIds("deal#1"), ExpandIds("stage#4"), meta, reader);
  });
  const DealStage& stage = spec.Of<DealState>("deal#1").stage;
  EXPECT_EQ(stage.stage_id, ExpandIds("stage#6"));
  EXPECT_EQ(stage.status, v1::Deal::WON);
  EXPECT_EQ(stage.last_open_stage_id, ExpandIds("stage#1"));
}

}  // namespace
}  // namespace dealog::domain
