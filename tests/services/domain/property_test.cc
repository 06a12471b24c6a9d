// Method: random sequences of commands, seeded; most are refused, none may break what always holds:
// a deal stands in a stage of its pipeline whose kind is its status, a pipeline keeps a stage of
// each kind, and folding the events again gives the same state.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "projections/states/describe.h"
#include "projections/states/stream_types.h"
#include "services/domain/text.h"
#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

constexpr int kSequences = 60;
constexpr int kCommands = 80;
constexpr const char* kDeals[] = {"deal#1", "deal#2"};

class RandomTenant : public PipelineSpec {
 public:
  explicit RandomTenant(uint32_t seed) : random_(seed) {
    for (const char* deal : kDeals) {
      Given<v1::OpenDealRequest>("deal_id: '" + std::string(deal) + "'");
      Record();
    }
  }

  void Step() {
    minute_ += Pick(4);
    Now(minute_);
    const int back = Pick(4) == 0 ? Pick(30) : 0;
    if (back > 0) OccurredAt(minute_ - back);
    if (Pick(10) == 0) Override("because");
    if (Pick(5) == 0) {
      ChangePipeline();
    } else {
      ChangeDeal();
    }
    succeeded_ += result().ok() ? 1 : 0;
    Record();
  }

  void Check() {
    const PipelineState& pipeline = Of<PipelineState>("pipeline#1");
    CheckPipeline(pipeline);
    for (const char* deal : kDeals) CheckDeal(Of<DealState>(deal), pipeline);
  }

  // The same events, folded from nothing.
  void CheckReplay() {
    for (const auto& [id, events] : streams_) {
      DealState replayed(id);
      for (const auto& [event, meta] : events) replayed.Apply(event, meta);
      const auto* now = static_cast<const DealState*>(*reader().Find({kDealStream, id}));
      EXPECT_EQ(ToDeal(replayed).SerializeAsString(), ToDeal(*now).SerializeAsString());
    }
  }

  int succeeded() const { return succeeded_; }

 private:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  std::string Stage() {
    const auto& stages = Of<PipelineState>("pipeline#1").stages;
    return stages[Pick(static_cast<int>(stages.size()))].id();
  }
  std::string Deal() { return "deal_id: '" + std::string(kDeals[Pick(2)]) + "' "; }

  void ChangeDeal() {
    const char* modes[] = {"", "mode: REOPEN_MODE_CORRECTION", "mode: REOPEN_MODE_RESUME",
                           "mode: REOPEN_MODE_NEW_CYCLE"};
    const std::string deal = Deal();
    switch (Pick(9)) {
      case 0:
        When<v1::WinDealRequest>(deal);
        break;
      case 1:
        When<v1::LoseDealRequest>(deal + "reason: 'r'");
        break;
      case 2:
        When<v1::ReopenDealRequest>(deal + modes[Pick(4)]);
        break;
      case 3:
        When<v1::UndoDealMoveRequest>(deal);
        break;
      case 4:
        When<v1::UpdateDealRequest>(
            deal + "amount { currency_code: '" + (Pick(2) == 0 ? "EUR" : "USD") +
            "' units: " + std::to_string(Pick(9)) + " } update_mask { paths: 'amount' }");
        break;
      case 5:
        When<v1::TagDealRequest>(deal + "tags: 't" + std::to_string(Pick(3)) + "'");
        break;
      case 6:
        When<v1::UntagDealRequest>(deal + "tags: 't" + std::to_string(Pick(3)) + "'");
        break;
      default:
        When<v1::MoveDealRequest>(deal + "to_stage: '" + Stage() + "'");
    }
  }

  void ChangePipeline() {
    const std::string stage = Stage();
    switch (Pick(4)) {
      case 0: {
        const char* kinds[] = {"OPEN", "OPEN", "WON", "LOST"};
        When<v1::AddStageRequest>("pipeline: 'Sales' stage { label: 'S" + std::to_string(Pick(20)) +
                                  "' kind: " + kinds[Pick(4)] + " }");
        break;
      }
      case 1:
        When<v1::RenameStageRequest>("pipeline: 'Sales' stage: '" + stage + "' label: 'S" +
                                     std::to_string(Pick(20)) + "'");
        break;
      case 2:
        When<v1::RetireStageRequest>("pipeline: 'Sales' stage: '" + stage +
                                     "' replacement_stage: '" + Stage() + "'");
        break;
      default:
        Finish(stage);
    }
  }

  // What a retirement's job does: the deals first, then the stage.
  void Finish(const std::string& stage) {
    for (const char* deal : kDeals) {
      WhenDecided([&](const CommandMeta& meta, StateReader& reader) {
        return DecideRetirementMove(ExpandIds(deal), stage, meta, reader);
      });
      Record();
      Now(minute_ + 5);
      if (!result().ok()) return;
    }
    minute_ += 5;
    WhenDecided([&](const CommandMeta& meta, StateReader& reader) {
      return DecideFinishRetirement(ExpandIds("pipeline#1"), stage, meta, reader);
    });
  }

  void Record() {
    if (!result().ok()) return;
    for (const PendingEvent& pending : result()->events) {
      if (pending.stream.type != kDealStream) continue;
      auto& stream = streams_[pending.stream.id];
      EventMeta meta;
      meta.revision = stream.size() + 1;
      meta.recorded_at_us = ran().now_us;
      meta.occurred_at_us = ran().occurred_at_us;
      stream.emplace_back(pending.event, meta);
    }
  }

  static void CheckPipeline(const PipelineState& pipeline) {
    std::set<std::string> labels;
    bool retired = false;
    for (const PipelineStage& stage : pipeline.stages) {
      if (stage.life == PipelineStage::Life::kRetired) {
        retired = true;
        continue;
      }
      EXPECT_FALSE(retired) << "retired stages come last";
      EXPECT_TRUE(labels.insert(NormalizeName(stage.definition.label())).second);
      EXPECT_TRUE(pipeline.Successor(stage).active());
      EXPECT_EQ(pipeline.Successor(stage).kind(), stage.kind());
    }
    for (const auto kind :
         {events::v1::STAGE_KIND_OPEN, events::v1::STAGE_KIND_WON, events::v1::STAGE_KIND_LOST}) {
      EXPECT_NE(pipeline.FirstActive(kind), nullptr);
    }
  }

  static void CheckDeal(const DealState& deal, const PipelineState& pipeline) {
    const DealStage& now = deal.stage;
    const PipelineStage* stage = pipeline.FindStage(now.stage_id);
    ASSERT_NE(stage, nullptr);
    EXPECT_EQ(static_cast<int>(stage->kind()), static_cast<int>(now.status));
    EXPECT_NE(stage->life, PipelineStage::Life::kRetired);
    EXPECT_EQ(now.open(), !now.closed_at_us.has_value());
    EXPECT_EQ(now.open(), now.before_close == nullptr);
    EXPECT_EQ(now.open(), now.closed_revision == 0);
    EXPECT_GE(now.cycle, 1u);
    EXPECT_GE(now.last_event_at_us, deal.opened_at_us);
    EXPECT_GE(now.entered_at_us, deal.opened_at_us);
    const PipelineStage* last_open = pipeline.FindStage(now.last_open_stage_id);
    ASSERT_NE(last_open, nullptr);
    EXPECT_EQ(last_open->kind(), events::v1::STAGE_KIND_OPEN);
    if (now.status != v1::Deal::LOST) {
      EXPECT_EQ(now.lost_reason, "");
    }
  }

  std::mt19937 random_;
  int minute_ = 30;
  int succeeded_ = 0;
  std::map<std::string, std::vector<std::pair<events::v1::Event, EventMeta>>> streams_;
};

TEST(RandomCommands, KeepWhatAlwaysHolds) {
  int succeeded = 0;
  for (int seed = 0; seed < kSequences && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomTenant tenant(static_cast<uint32_t>(seed));
    for (int i = 0; i < kCommands; ++i) {
      tenant.Step();
      tenant.Check();
    }
    tenant.CheckReplay();
    succeeded += tenant.succeeded();
  }
  // A sequence that is refused whole would show nothing.
  EXPECT_GT(succeeded, kSequences * kCommands / 4);
}

// An undo right after any stage change brings back exactly what was.
TEST(RandomCommands, UndoIsTheInverseOfTheLastChange) {
  int undone = 0;
  for (uint32_t seed = 1000; seed < 1000 + kSequences; ++seed) {
    SCOPED_TRACE(seed);
    RandomTenant tenant(seed);
    for (int i = 0; i < kCommands; ++i) {
      const DealStage before = tenant.Of<DealState>("deal#1").stage;
      const uint64_t revision = tenant.Of<DealState>("deal#1").revision;
      tenant.Step();
      const DealState& deal = tenant.Of<DealState>("deal#1");
      if (deal.revision != revision + 1 || !deal.undoable ||
          deal.undoable->revision != deal.revision)
        continue;
      tenant.When<v1::UndoDealMoveRequest>("deal_id: 'deal#1'");
      if (!tenant.result().ok()) continue;
      const auto& pipeline = tenant.Of<PipelineState>("pipeline#1");
      if (!pipeline.FindStage(before.stage_id)->active())
        continue;  // Its replacement: a new visit.
      EXPECT_EQ(deal.stage.stage_id, before.stage_id);
      EXPECT_EQ(deal.stage.status, before.status);
      EXPECT_EQ(deal.stage.entered_at_us, before.entered_at_us);
      EXPECT_EQ(deal.stage.cycle, before.cycle);
      EXPECT_EQ(deal.stage.closed_at_us, before.closed_at_us);
      EXPECT_EQ(deal.stage.lost_reason, before.lost_reason);
      EXPECT_EQ(deal.stage.before_close, before.before_close);
      EXPECT_EQ(deal.stage.last_event_at_us, before.last_event_at_us);
      ++undone;
    }
  }
  EXPECT_GT(undone, kSequences);
}

}  // namespace
}  // namespace dealog::domain
