// Method: specs of ReopenDeal in each mode and of UndoDealMove over each stage event; what was true
// before is compared with what is true after.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

constexpr char kUndo[] = "deal_id: 'deal#1'";

// All of a stage that a correction or an undo must bring back.
void ExpectSameStage(const DealStage& a, const DealStage& b) {
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.stage_id, b.stage_id);
  EXPECT_EQ(a.entered_at_us, b.entered_at_us);
  EXPECT_EQ(a.last_open_stage_id, b.last_open_stage_id);
  EXPECT_EQ(a.cycle, b.cycle);
  EXPECT_EQ(a.closed_at_us, b.closed_at_us);
  EXPECT_EQ(a.closed_revision, b.closed_revision);
  EXPECT_EQ(a.lost_reason, b.lost_reason);
  EXPECT_EQ(a.before_close == nullptr, b.before_close == nullptr);
  EXPECT_EQ(a.last_event_at_us, b.last_event_at_us);
}

TEST(ReopenDeal, ResumesALostDealWhereItWas) {
  DealSpec spec;
  spec.Moved("Offer");
  spec.Moved("Lost")
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1'")
      .Then("deal#1", R"(deal { deal_reopened { from_stage_id: 'stage#5' stage_id: 'stage#3'
          mode: REOPEN_MODE_RESUME cycle: 1 pipeline_revision: 2 } })");
  const DealStage& stage = spec.Of<DealState>("deal#1").stage;
  EXPECT_TRUE(stage.open());
  EXPECT_FALSE(stage.closed_at_us.has_value());
  EXPECT_EQ(stage.lost_reason, "");
}

TEST(ReopenDeal, StartsANewCycleOfAWonDealAtTheFirstStage) {
  DealSpec spec;
  spec.Moved("Offer");
  spec.Moved("Won")
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1'")
      .Then("deal#1", R"(deal { deal_reopened { from_stage_id: 'stage#4' stage_id: 'stage#1'
          mode: REOPEN_MODE_NEW_CYCLE cycle: 2 pipeline_revision: 2 } })");
}

TEST(ReopenDeal, TakesModeAndStageAsAsked) {
  DealSpec spec;
  spec.Moved("Won")
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1' stage: 'Talk' mode: REOPEN_MODE_RESUME")
      .Then("deal#1", R"(deal { deal_reopened { from_stage_id: 'stage#4' stage_id: 'stage#2'
          mode: REOPEN_MODE_RESUME cycle: 1 pipeline_revision: 2 } })");
}

TEST(ReopenDeal, CorrectionVoidsTheCloseAndTheVisitGoesOn) {
  DealSpec spec;
  spec.Moved("Talk");
  const DealStage before = spec.Of<DealState>("deal#1").stage;
  spec.Moved("Lost")
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1' mode: REOPEN_MODE_CORRECTION")
      .Then("deal#1", "deal { deal_close_voided { voided_revision: 3 stage_id: 'stage#2' } }");
  ExpectSameStage(spec.Of<DealState>("deal#1").stage, before);
  spec.When<v1::UndoDealMoveRequest>(kUndo).ThenRefused("NOTHING_TO_UNDO");
}

TEST(ReopenDeal, CorrectionAlsoAfterAMoveBetweenWonStages) {
  DealSpec spec;
  spec.Given<v1::AddStageRequest>(
      "pipeline: 'Sales' stage { stage_id: 'stage#6' label: 'Signed' kind: WON }");
  const DealStage before = spec.Of<DealState>("deal#1").stage;
  spec.Moved("Won");
  spec.Moved("Signed")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'New' mode: REOPEN_MODE_CORRECTION")
      .Then("deal#1", "deal { deal_close_voided { voided_revision: 2 stage_id: 'stage#1' } }");
  ExpectSameStage(spec.Of<DealState>("deal#1").stage, before);
}

TEST(ReopenDeal, CorrectionGoesNowhereElse) {
  DealSpec spec;
  spec.Moved("Won")
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1' stage: 'Talk' mode: REOPEN_MODE_CORRECTION")
      .ThenRefused("FIELD_INVALID", "stage")
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk' mode: REOPEN_MODE_CORRECTION")
      .ThenRefused("FIELD_INVALID", "to_stage");
}

TEST(ReopenDeal, ARetiredStageStandsForItsReplacement) {
  DealSpec spec;
  spec.Moved("Talk");
  spec.Moved("Lost").Given<v1::RetireStageRequest>(
      "pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Offer'");
  spec.When<v1::ReopenDealRequest>("deal_id: 'deal#1'")
      .Then("deal#1", R"(deal { deal_reopened { from_stage_id: 'stage#5' stage_id: 'stage#3'
          mode: REOPEN_MODE_RESUME cycle: 1 pipeline_revision: 3 } })");
}

TEST(ReopenDeal, CorrectionIntoARetiredStageStartsAVisitToItsReplacement) {
  DealSpec spec;
  spec.Moved("Talk");
  spec.Moved("Lost").Given<v1::RetireStageRequest>(
      "pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Offer'");
  spec.Now(60)
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1' mode: REOPEN_MODE_CORRECTION")
      .Then("deal#1", "deal { deal_close_voided { voided_revision: 3 stage_id: 'stage#3' } }");
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.stage_id, ExpandIds("stage#3"));
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.entered_at_us, SpecMinute(60));
}

TEST(ReopenDeal, RefusesAnOpenDeal) {
  DealSpec().When<v1::ReopenDealRequest>("deal_id: 'deal#1'").ThenRefused("DEAL_OPEN", "deal#1");
}

TEST(ReopenDeal, RefusesAStageThatIsNotOpenAndAnUnknownMode) {
  DealSpec spec;
  spec.Moved("Lost")
      .When<v1::ReopenDealRequest>("deal_id: 'deal#1' stage: 'Won'")
      .ThenRefused("FIELD_INVALID", "stage")
      .WhenDecided([](const CommandMeta& meta, StateReader& reader) {
        auto request = FromText<v1::ReopenDealRequest>("deal_id: 'deal#1'");
        request.set_mode(static_cast<events::v1::ReopenMode>(99));
        return Decide(request, meta, reader);
      })
      .ThenRefused("FIELD_INVALID", "mode");
}

TEST(UndoDealMove, BringsBackTheVisitWithItsOriginalEntry) {
  DealSpec spec;
  spec.Moved("Talk");
  const DealStage before = spec.Of<DealState>("deal#1").stage;
  spec.Moved("Offer").When<v1::UndoDealMoveRequest>(kUndo).Then(
      "deal#1", "deal { deal_move_undone { undone_revision: 3 stage_id: 'stage#2' } }");
  ExpectSameStage(spec.Of<DealState>("deal#1").stage, before);
}

TEST(UndoDealMove, UndoesACloseAndAReopening) {
  DealSpec spec;
  const DealStage open = spec.Of<DealState>("deal#1").stage;
  spec.Moved("Lost").When<v1::UndoDealMoveRequest>(kUndo).Then(
      "deal#1", "deal { deal_move_undone { undone_revision: 2 stage_id: 'stage#1' } }");
  ExpectSameStage(spec.Of<DealState>("deal#1").stage, open);
  spec.Given<v1::LoseDealRequest>("deal_id: 'deal#1' reason: 'no budget'");
  const DealStage lost = spec.Of<DealState>("deal#1").stage;
  spec.Given<v1::ReopenDealRequest>("deal_id: 'deal#1' mode: REOPEN_MODE_NEW_CYCLE")
      .When<v1::UndoDealMoveRequest>(kUndo)
      .Then("deal#1", "deal { deal_move_undone { undone_revision: 5 stage_id: 'stage#5' } }");
  ExpectSameStage(spec.Of<DealState>("deal#1").stage, lost);
}

TEST(UndoDealMove, ThenHistoryMayBeInserted) {
  DealSpec spec;
  spec.Now(30)
      .Given<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'")
      .OccurredAt(15)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "DealStageMoved")
      .Given<v1::UndoDealMoveRequest>(kUndo)
      .OccurredAt(15)
      .When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Talk'");
  EXPECT_TRUE(spec.result().ok()) << spec.result().status();
}

TEST(UndoDealMove, RefusesASecondUndoAndADealThatNeverMoved) {
  DealSpec spec;
  spec.When<v1::UndoDealMoveRequest>(kUndo).ThenRefused("NOTHING_TO_UNDO", "deal#1");
  spec.Moved("Talk");
  spec.Moved("Offer")
      .Given<v1::UndoDealMoveRequest>(kUndo)
      .When<v1::UndoDealMoveRequest>(kUndo)
      .ThenRefused("NOTHING_TO_UNDO", "deal#1");
}

TEST(UndoDealMove, UndoesTheLastMoveOnlyNotTheOneBefore) {
  DealSpec spec;
  spec.Moved("Talk");
  spec.Moved("Offer").When<v1::UndoDealMoveRequest>(kUndo);
  EXPECT_EQ(spec.result()->events.at(0).event.deal().deal_move_undone().undone_revision(), 3u);
}

TEST(UndoDealMove, NeedsAReasonAfterTheGracePeriod) {
  DealSpec spec;
  spec.Moved("Talk");  // Recorded at minute 20.
  spec.Now(31)
      .When<v1::UndoDealMoveRequest>(kUndo)
      .ThenRefused("UNDO_TOO_LATE", "override_reason")
      .Now(31)
      .Override("wrong client")
      .When<v1::UndoDealMoveRequest>(kUndo)
      .Then("deal#1", "deal { deal_move_undone { undone_revision: 2 stage_id: 'stage#1' } }");
  DealSpec in_time;
  in_time.Moved("Talk");
  in_time.Now(30).When<v1::UndoDealMoveRequest>(kUndo);
  EXPECT_TRUE(in_time.result().ok());
}

// The visit to the replacement begins with the undoing: what comes then can't have come before.
TEST(UndoDealMove, NothingComesBeforeTheVisitToTheReplacement) {
  DealSpec spec;
  spec.Moved("Talk").Now(30);
  spec.Moved("Offer").Given<v1::RetireStageRequest>(
      "pipeline: 'Sales' stage: 'Talk' replacement_stage: 'New'");
  spec.Now(35).Given<v1::UndoDealMoveRequest>("deal_id: 'deal#1'");
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.entered_at_us, SpecMinute(35));
  spec.Now(40).OccurredAt(33).When<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: 'Offer'");
  spec.ThenRefused("OCCURRED_OUT_OF_ORDER", "DealMoveUndone");
}

TEST(UndoDealMove, GoesToTheReplacementOfAStageRetiredSince) {
  DealSpec spec;
  spec.Given<v1::AddStageRequest>(
      "pipeline: 'Sales' stage { stage_id: 'stage#6' label: 'Close' kind: OPEN }");
  spec.Moved("Talk");
  spec.Moved("Offer").Given<v1::RetireStageRequest>(
      "pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Close'");
  spec.When<v1::UndoDealMoveRequest>(kUndo).Then(
      "deal#1", "deal { deal_move_undone { undone_revision: 3 stage_id: 'stage#6' } }");
}

TEST(UndoDealMove, RefusesWhereTheReplacementIsWhereItIs) {
  DealSpec spec;
  spec.Moved("Talk");
  spec.Moved("Offer").Given<v1::RetireStageRequest>(
      "pipeline: 'Sales' stage: 'Talk' replacement_stage: 'Offer'");
  spec.When<v1::UndoDealMoveRequest>(kUndo).ThenRefused("NOTHING_TO_UNDO", "replacement");
}

}  // namespace
}  // namespace dealog::domain
