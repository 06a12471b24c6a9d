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
  v1::GetFieldHistoryRequest request;
  request.set_resource_id(deal_id_);
  request.set_field("stage");
  const auto values = Must(*history_, &History::GetFieldHistory, request);
  ASSERT_EQ(values.values_size(), 3);
  EXPECT_EQ(values.values(0).value(), "Lead");
  EXPECT_EQ(values.values(2).value(), "Lost");
  EXPECT_FALSE(values.values(2).has_to());
  request.set_field("colour");
  EXPECT_THAT(Fails(*history_, &History::GetFieldHistory, request).fields,
              testing::ElementsAre("field"));
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
