// Method: over the wire; the history of a deal with its notes: who, when, why, how long.

#include "dealog/v1/activities.grpc.pb.h"
#include "dealog/v1/history.grpc.pb.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using History = v1::HistoryService::Stub;

class HistoryTest : public RpcTest {
 protected:
  void SetUp() override {
    history_ = v1::HistoryService::NewStub(TestChannel());
    activities_ = v1::ActivityService::NewStub(TestChannel());
    MakeTenant();
    deal_id_ = OpenDeal("Historic").deal_id();
    Move(deal_id_, "Offer");
    v1::WriteNoteRequest note;
    note.set_deal_id(deal_id_);
    note.set_body("called");
    Must(*activities_, &v1::ActivityService::Stub::WriteNote, note);
    v1::LoseDealRequest lose;
    lose.set_deal_id(deal_id_);
    lose.set_reason("too dear");
    Must(*deals_, &v1::DealService::Stub::LoseDeal, lose);
  }

  v1::GetFieldHistoryResponse FieldOf(const std::string& deal_id, const std::string& field) {
    v1::GetFieldHistoryRequest request;
    request.set_resource_id(deal_id);
    request.set_field(field);
    return Must(*history_, &History::GetFieldHistory, request);
  }

  std::unique_ptr<v1::HistoryService::Stub> history_;
  std::unique_ptr<v1::ActivityService::Stub> activities_;
  std::string deal_id_;
};

TEST_F(HistoryTest, MergesTheDealsOwnEventsAndItsNotes) {
  v1::ListEventsRequest request;
  request.set_resource_id(deal_id_);
  const auto history = Must(*history_, &History::ListEvents, request);
  std::vector<std::string> types;
  for (const auto& entry : history.events()) types.push_back(entry.type());
  EXPECT_THAT(types,
              testing::ElementsAre("DealOpened", "DealStageMoved", "NoteWritten", "DealLost"));
  EXPECT_EQ(history.events(1).summary(), "Lead -> Offer");
  EXPECT_EQ(history.events(1).actor(), "user:ada");
  EXPECT_TRUE(history.events(1).has_visit_seconds());
  EXPECT_FALSE(history.events(0).has_visit_seconds());
  EXPECT_EQ(history.events(3).why(), "too dear");
  EXPECT_GE(history.position(), history.events(3).position());
}

TEST_F(HistoryTest, PagesContinueAcrossStreams) {
  v1::ListEventsRequest request;
  request.set_resource_id(deal_id_);
  request.set_page_size(1);
  std::vector<int64_t> positions;
  do {
    const auto page = Must(*history_, &History::ListEvents, request);
    ASSERT_LE(page.events_size(), 1);
    for (const auto& entry : page.events()) positions.push_back(entry.position());
    request.set_page_token(page.next_page_token());
    ASSERT_LE(positions.size(), 4u);
  } while (!request.page_token().empty());
  EXPECT_EQ(positions.size(), 4u);
  EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
}

TEST_F(HistoryTest, TellsTheValuesOfAField) {
  const auto stages = FieldOf(deal_id_, "stage");
  ASSERT_EQ(stages.intervals_size(), 3);
  EXPECT_EQ(stages.intervals(0).value(), "Lead");
  EXPECT_EQ(stages.intervals(2).value(), "Lost");
  EXPECT_EQ(stages.intervals(2).actor(), "user:ada");
  EXPECT_FALSE(stages.intervals(2).has_end_time());
  EXPECT_GE(stages.position(), stages.intervals(2).position());
  v1::GetFieldHistoryRequest request;
  request.set_resource_id(deal_id_);
  request.set_field("colour");
  EXPECT_THAT(Fails(*history_, &History::GetFieldHistory, request).fields,
              testing::ElementsAre("field"));
  request.set_field("stage");
  request.set_resource_id("deal_01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(Fails(*history_, &History::GetFieldHistory, request).reason, "DEAL_NOT_FOUND");
}

TEST_F(HistoryTest, AnUndoneWinNeverWas) {
  const std::string deal = OpenDeal("Not won").deal_id();
  v1::WinDealRequest win;
  win.set_deal_id(deal);
  Must(*deals_, &v1::DealService::Stub::WinDeal, win);
  EXPECT_EQ(FieldOf(deal, "status").intervals(1).value(), "WON");
  v1::UndoDealMoveRequest undo;
  undo.set_deal_id(deal);
  Must(*deals_, &v1::DealService::Stub::UndoDealMove, undo);
  const auto statuses = FieldOf(deal, "status");
  ASSERT_EQ(statuses.intervals_size(), 1);
  EXPECT_EQ(statuses.intervals(0).value(), "OPEN");
  EXPECT_FALSE(statuses.intervals(0).has_end_time());
}

TEST_F(HistoryTest, ABackDatedValueStandsAtItsPlace) {
  const auto at = [](int64_t days) {
    google::protobuf::Timestamp time;
    time.set_seconds(1'767'225'600 + days * 86'400);  // Days after 2026-01-01.
    return time;
  };
  v1::OpenDealRequest open;
  open.set_pipeline("Sales");
  *open.mutable_occurred_at() = at(0);
  v1::UpdateDealRequest update;
  update.set_deal_id(Must(*deals_, &v1::DealService::Stub::OpenDeal, open).deal().deal_id());
  update.mutable_update_mask()->add_paths("title");
  update.set_title("June");
  *update.mutable_occurred_at() = at(151);
  Must(*deals_, &v1::DealService::Stub::UpdateDeal, update);
  update.set_title("March");
  *update.mutable_occurred_at() = at(59);
  const auto reply = Must(*deals_, &v1::DealService::Stub::UpdateDeal, update);
  EXPECT_EQ(reply.deal().title(), "June");
  const auto titles = FieldOf(update.deal_id(), "title");
  ASSERT_EQ(titles.intervals_size(), 3);
  EXPECT_EQ(titles.intervals(1).value(), "March");
  EXPECT_EQ(titles.intervals(1).start_time().seconds(), at(59).seconds());
  EXPECT_EQ(titles.intervals(1).end_time().seconds(), at(151).seconds());
  EXPECT_EQ(titles.intervals(2).value(), "June");
  EXPECT_FALSE(titles.intervals(2).has_end_time());
}

TEST_F(HistoryTest, RefusesWhatIsNoResource) {
  v1::ListEventsRequest request;
  request.set_resource_id("stage_01h455vb4pex5vsknk084sn02q");
  EXPECT_THAT(Fails(*history_, &History::ListEvents, request).fields,
              testing::ElementsAre("resource_id"));
  request.set_resource_id("deal_01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(Fails(*history_, &History::ListEvents, request).reason, "DEAL_NOT_FOUND");
  request.set_resource_id("contact_01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(Fails(*history_, &History::ListEvents, request).reason, "CONTACT_NOT_FOUND");
}

}  // namespace
}  // namespace dealog::rpc
