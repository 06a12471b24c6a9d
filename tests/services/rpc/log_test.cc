// Method: over the wire; the log read whole, in parts, backward and filtered, and followed live.

#include "dealog/v1/log.grpc.pb.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Log = v1::LogService::Stub;

class LogTest : public RpcTest {
 protected:
  void SetUp() override {
    log_ = v1::LogService::NewStub(TestChannel());
    MakeTenant();
    deal_id_ = OpenDeal("Logged").deal_id();
    Move(deal_id_, "Offer");
  }
  std::vector<v1::RecordedEvent> ReadLog(v1::ReadLogRequest request, Failure* failure = nullptr) {
    request.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
    grpc::ClientContext context;
    Prepare(context);
    const auto stream = log_->ReadLog(&context, request);
    std::vector<v1::RecordedEvent> events;
    v1::ReadLogResponse message;
    while (stream->Read(&message)) {
      events.insert(events.end(), message.events().begin(), message.events().end());
    }
    const grpc::Status status = stream->Finish();
    if (failure != nullptr) *failure = FailureOf(status);
    return events;
  }
  int64_t Head() { return Must(*log_, &Log::GetHead, v1::GetHeadRequest()).position(); }

  std::unique_ptr<v1::LogService::Stub> log_;
  std::string deal_id_;
};

TEST_F(LogTest, IsDenseFromOneToItsHead) {
  const auto events = ReadLog({});
  ASSERT_EQ(static_cast<int64_t>(events.size()), Head());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].header().position(), i + 1);
  }
  EXPECT_EQ(events.front().header().type(), "TenantCreated");
  EXPECT_TRUE(events.back().event().deal().has_deal_stage_moved());
}

TEST_F(LogTest, StoredBytesParseAsTheSameEvents) {
  grpc::ClientContext context;
  Prepare(context);
  v1::ReadLogRequest request;
  request.set_payload_form(v1::PAYLOAD_FORM_STORED);
  const auto stream = log_->ReadLog(&context, request);
  v1::ReadLogResponse message;
  std::vector<std::string> types;
  int64_t position = 0;
  while (stream->Read(&message)) {
    position = message.position();
    for (const v1::StoredEvent& stored : message.stored_events()) {
      storage::v1::EventHeader header;
      events::v1::Event event;
      ASSERT_TRUE(header.ParseFromString(stored.header()));
      ASSERT_TRUE(event.ParseFromString(stored.payload()));
      types.push_back(header.type());
    }
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(position, Head());
  EXPECT_EQ(static_cast<int64_t>(types.size()), Head());
}

TEST_F(LogTest, ReadsPartsBackwardAndFiltered) {
  v1::ReadLogRequest request;
  request.set_direction(v1::READ_DIRECTION_BACKWARD);
  request.set_limit(1);
  auto events = ReadLog(request);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(static_cast<int64_t>(events[0].header().position()), Head());
  v1::ReadLogRequest filtered;
  filtered.mutable_filter()->add_event_types("DealOpened");
  events = ReadLog(filtered);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].header().stream().id(), deal_id_);
  filtered.set_after_position(static_cast<int64_t>(events[0].header().position()));
  EXPECT_EQ(ReadLog(filtered).size(), 0u);
}

TEST_F(LogTest, RefusesPositionsAndFiltersThatCannotBe) {
  Failure failure;
  v1::ReadLogRequest beyond;
  beyond.set_after_position(Head() + 1);
  ReadLog(beyond, &failure);
  EXPECT_THAT(failure.fields, testing::ElementsAre("after_position"));
  v1::ReadLogRequest negative;
  negative.set_limit(-1);
  ReadLog(negative, &failure);
  EXPECT_THAT(failure.fields, testing::ElementsAre("limit"));
  v1::ReadLogRequest typo;
  typo.mutable_filter()->add_event_types("DealWun");
  ReadLog(typo, &failure);
  EXPECT_THAT(failure.fields, testing::ElementsAre("filter.event_types"));
  tenant_ = "nobody";
  ReadLog({}, &failure);
  EXPECT_EQ(failure.reason, "TENANT_NOT_FOUND");
}

TEST_F(LogTest, ReadsAStreamPageByPageBothWays) {
  v1::ReadStreamRequest request;
  request.set_stream("deal/" + deal_id_);
  request.set_page_size(1);
  auto page = Must(*log_, &Log::ReadStream, request);
  ASSERT_EQ(page.events_size(), 1);
  EXPECT_EQ(page.events(0).header().type(), "DealOpened");
  EXPECT_EQ(page.next_revision(), 2);
  request.set_from_revision(page.next_revision());
  page = Must(*log_, &Log::ReadStream, request);
  ASSERT_EQ(page.events_size(), 1);
  EXPECT_EQ(page.events(0).header().type(), "DealStageMoved");
  request.set_from_revision(0);
  request.set_direction(v1::READ_DIRECTION_BACKWARD);
  page = Must(*log_, &Log::ReadStream, request);
  EXPECT_EQ(page.events(0).header().revision(), 2u);
  EXPECT_EQ(page.next_revision(), 1);
  request.set_page_size(0);
  page = Must(*log_, &Log::ReadStream, request);
  EXPECT_EQ(page.events_size(), 2);
  EXPECT_EQ(page.next_revision(), 0);
  request.set_page_size(-1);
  EXPECT_THAT(Fails(*log_, &Log::ReadStream, request).fields, testing::ElementsAre("page_size"));
  request.set_page_size(0);
  request.set_from_revision(-1);
  EXPECT_THAT(Fails(*log_, &Log::ReadStream, request).fields,
              testing::ElementsAre("from_revision"));
  request.set_from_revision(0);
  request.set_stream("deal");
  EXPECT_THAT(Fails(*log_, &Log::ReadStream, request).fields, testing::ElementsAre("stream"));
}

TEST_F(LogTest, KnowsThePositionAtAnInstant) {
  const auto head = Must(*log_, &Log::GetHead, v1::GetHeadRequest());
  v1::GetPositionAtRequest request;
  *request.mutable_time() = head.recorded_at();
  EXPECT_EQ(Must(*log_, &Log::GetPositionAt, request).position(), head.position());
  request.mutable_time()->set_seconds(1);
  EXPECT_EQ(Must(*log_, &Log::GetPositionAt, request).position(), 0);
  request.mutable_time()->set_seconds(int64_t{4'000'000'000});
  const Failure future = Fails(*log_, &Log::GetPositionAt, request);
  EXPECT_EQ(future.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(future.fields, testing::ElementsAre("time"));
}

TEST_F(LogTest, ASubscriberGetsWhatThereIsThenWhatComes) {
  grpc::ClientContext context;
  Prepare(context);
  v1::SubscribeRequest request;
  request.set_after_position(0);
  request.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  const auto stream = log_->Subscribe(&context, request);
  const int64_t head = Head();
  std::vector<uint64_t> positions;
  v1::SubscribeResponse message;
  while (stream->Read(&message) && !message.has_caught_up()) {
    for (const auto& event : message.events().events()) {
      positions.push_back(event.header().position());
    }
  }
  ASSERT_EQ(static_cast<int64_t>(positions.size()), head);
  EXPECT_EQ(message.caught_up().position(), head);
  Move(deal_id_, "Lead");
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_EQ(message.events().events_size(), 1);
  EXPECT_EQ(static_cast<int64_t>(message.events().events(0).header().position()), head + 1);
  context.TryCancel();
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(LogTest, ASubscribersFilterHolds) {
  grpc::ClientContext context;
  Prepare(context);
  v1::SubscribeRequest request;  // From the head.
  request.mutable_filter()->add_event_types("DealWon");
  request.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  const auto stream = log_->Subscribe(&context, request);
  v1::SubscribeResponse message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_caught_up());
  Move(deal_id_, "Lead");
  v1::WinDealRequest win;
  win.set_deal_id(deal_id_);
  Must(*deals_, &v1::DealService::Stub::WinDeal, win);
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_EQ(message.events().events_size(), 1);
  EXPECT_EQ(message.events().events(0).header().type(), "DealWon");
  context.TryCancel();
}

}  // namespace
}  // namespace dealog::rpc
