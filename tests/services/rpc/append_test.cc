// Method: over the wire; a billing service registers its events and appends them, one commit and
// several at a time; then every reader of the log meets them.

#include "dealog/v1/append.pb.h"

#include "dealog/v1/history.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/limits.h"
#include "tests/services/rpc/append_fixture.h"

namespace dealog::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Log = v1::LogService::Stub;

constexpr char kRequestId[] = "7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5c";

using AppendTest = AppendFixture;

TEST_F(AppendTest, StreamTypesAreListedAndShown) {
  const auto list = Must(*log_, &Log::ListStreamTypes, v1::ListStreamTypesRequest());
  ASSERT_EQ(list.stream_types_size(), 2);
  EXPECT_EQ(list.stream_types(0).name(), "invoice");
  EXPECT_EQ(list.stream_types(1).name(), "sensor");
  EXPECT_THAT(list.stream_types(0).definition().descriptor_set(), IsEmpty());
  v1::GetStreamTypeRequest request;
  request.set_name("invoice");
  const auto type = Must(*log_, &Log::GetStreamType, request).stream_type();
  EXPECT_EQ(type.etag(), "1");
  EXPECT_EQ(type.definition().SerializeAsString(), BillingDefinition().SerializeAsString());
  EXPECT_GT(type.registered_at().seconds(), 0);
  request.set_name("parcel");
  EXPECT_EQ(Fails(*log_, &Log::GetStreamType, request).reason, "STREAM_TYPE_NOT_FOUND");
  request.set_name("deal");
  EXPECT_EQ(Fails(*log_, &Log::GetStreamType, request).reason, "STREAM_TYPE_RESERVED");
  tenant_ = "nobody";
  EXPECT_EQ(Fails(*log_, &Log::ListStreamTypes, v1::ListStreamTypesRequest()).reason,
            "TENANT_NOT_FOUND");
}

TEST_F(AppendTest, ADefinitionIsReplacedWithItsEtag) {
  v1::RegisterStreamTypeRequest request;
  request.set_name("sensor");
  *request.mutable_definition() = OpaqueDefinition();
  request.mutable_definition()->add_event_types()->set_type("SensorLost");
  EXPECT_EQ(Fails(*log_, &Log::RegisterStreamType, request).reason, "STREAM_TYPE_EXISTS");
  request.set_etag("1");
  const auto replaced = Must(*log_, &Log::RegisterStreamType, request);
  EXPECT_EQ(replaced.stream_type().etag(), "2");
  EXPECT_EQ(replaced.stream_type().definition().event_types_size(), 2);
}

TEST_F(AppendTest, TellsWhatEachStreamGot) {
  v1::AppendEventsRequest request = Sent("1", "A-1");
  Add(request, "sensor/s", "SensorRead", std::string("\xff\0", 2));
  Add(request, "invoice/1", "InvoicePaid", InvoicePaidBytes("d1"));
  const int64_t before = Head();
  const auto reply = Must(*log_, &Log::AppendEvents, request);
  ASSERT_EQ(reply.streams_size(), 2);
  EXPECT_EQ(reply.streams(0).stream(), "invoice/1");
  EXPECT_EQ(reply.streams(0).first_revision(), 1);
  EXPECT_EQ(reply.streams(0).last_revision(), 2);
  EXPECT_EQ(reply.streams(1).stream(), "sensor/s");
  EXPECT_EQ(reply.streams(1).last_revision(), 1);
  EXPECT_EQ(reply.commit().position(), before + 3);
  EXPECT_FALSE(reply.commit().token().empty());
  EXPECT_FALSE(reply.commit().replayed());
  EXPECT_EQ(Head(), before + 3);
}

TEST_F(AppendTest, ARepeatedRequestGetsTheSameReply) {
  v1::AppendEventsRequest request = Sent("1", "A-1");
  Must(*log_, &Log::AppendEvents, request);
  request.set_request_id(kRequestId);
  Add(request, "sensor/s", "SensorRead", "x");
  Add(request, "invoice/1", "InvoicePaid", InvoicePaidBytes("d1"));
  auto first = Must(*log_, &Log::AppendEvents, request);
  Must(*log_, &Log::AppendEvents, Sent("1", "A-2"));
  auto again = Must(*log_, &Log::AppendEvents, request);
  EXPECT_TRUE(again.commit().replayed());
  again.mutable_commit()->set_replayed(false);
  EXPECT_EQ(again.ShortDebugString(), first.ShortDebugString());
  // Also through another of the three forms.
  v1::AppendEventBatchesRequest several;
  *several.add_appends() = request;
  const auto outcomes = Must(*log_, &Log::AppendEventBatches, several);
  EXPECT_TRUE(outcomes.outcomes(0).appended().commit().replayed());
  request.mutable_events(0)->set_payload(InvoiceSentBytes("B-1"));
  EXPECT_EQ(Fails(*log_, &Log::AppendEvents, request).reason, "REQUEST_ID_REUSED");
  request.set_request_id("1");
  EXPECT_THAT(Fails(*log_, &Log::AppendEvents, request).fields, ElementsAre("request_id"));
}

TEST_F(AppendTest, ValidateOnlyWritesNothing) {
  v1::AppendEventsRequest request = Sent("1", "A-1");
  request.set_validate_only(true);
  const int64_t before = Head();
  EXPECT_EQ(Must(*log_, &Log::AppendEvents, request).streams(0).last_revision(), 1);
  EXPECT_EQ(Head(), before);
}

TEST_F(AppendTest, RefusesWithAReasonAndAPlace) {
  v1::AppendEventsRequest request;
  EXPECT_THAT(Fails(*log_, &Log::AppendEvents, request).fields, ElementsAre("events"));
  const std::string deal = OpenDeal("Mine").deal_id();
  Add(request, "deal/" + deal, "DealWon", "");
  EXPECT_EQ(Fails(*log_, &Log::AppendEvents, request).reason, "STREAM_TYPE_RESERVED");
  request = Sent("1", "A-1");
  Add(request, "invoice/1", "InvoiceLost", "");
  Failure failure = Fails(*log_, &Log::AppendEvents, request);
  EXPECT_EQ(failure.reason, "EVENT_INVALID");
  EXPECT_THAT(failure.fields, ElementsAre("events[1].type"));
  request = Sent("1", "A-1");
  Expect(request, "invoice/1", 4);
  failure = Fails(*log_, &Log::AppendEvents, request);
  EXPECT_EQ(failure.code, grpc::StatusCode::ABORTED);
  EXPECT_EQ(failure.reason, "REVISION_CONFLICT");
  EXPECT_THAT(failure.message, HasSubstr("expected revision 4, found 0"));
  request.mutable_occurred_at()->set_seconds(9'600'000'000);
  EXPECT_EQ(Fails(*log_, &Log::AppendEvents, request).reason, "OCCURRED_IN_FUTURE");
  tenant_ = "nobody";
  EXPECT_EQ(Fails(*log_, &Log::AppendEvents, request).reason, "TENANT_NOT_FOUND");
}

TEST_F(AppendTest, SeveralCommitsAreDecidedInOrderAndAnsweredEach) {
  v1::AppendEventBatchesRequest several;
  for (int i = 0; i < 3; ++i) {
    *several.add_appends() = Sent("1", "A");
    Expect(*several.mutable_appends(i), "invoice/1", i);  // On top of the ones before.
  }
  Expect(*several.add_appends() = Sent("1", "A"), "invoice/1", 1);
  *several.add_appends() = Sent("2", "B");
  several.mutable_appends(4)->set_request_id("1");
  *several.add_appends() = Sent("2", "B");
  const auto reply = Must(*log_, &Log::AppendEventBatches, several);
  ASSERT_EQ(reply.outcomes_size(), 6);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reply.outcomes(i).appended().streams(0).last_revision(), i + 1);
  }
  EXPECT_EQ(ReasonOf(reply.outcomes(3)), "REVISION_CONFLICT");
  EXPECT_EQ(ReasonOf(reply.outcomes(4)), "FIELD_INVALID");
  EXPECT_EQ(reply.outcomes(5).appended().streams(0).first_revision(), 1);
}

TEST_F(AppendTest, SeveralAreNeitherNoneNorTooMany) {
  v1::AppendEventBatchesRequest several;
  EXPECT_THAT(Fails(*log_, &Log::AppendEventBatches, several).fields, ElementsAre("appends"));
  for (size_t i = 0; i <= kAppendsPerMessageMax; ++i) several.add_appends();
  EXPECT_THAT(Fails(*log_, &Log::AppendEventBatches, several).fields, ElementsAre("appends"));
  several.Clear();
  for (int i = 0; i < 100; ++i) {
    v1::AppendEventsRequest& append = *several.add_appends();
    for (size_t j = 0; j < kAppendEventsPerCallMax / 100; ++j) Add(append, "sensor/1", "X", "");
  }
  // Just so many are looked at, one by one.
  EXPECT_EQ(ReasonOf(Must(*log_, &Log::AppendEventBatches, several).outcomes(99)), "EVENT_INVALID");
  Add(*several.mutable_appends(0), "sensor/1", "X", "");
  const Failure failure = Fails(*log_, &Log::AppendEventBatches, several);
  EXPECT_THAT(failure.fields, ElementsAre("appends"));
  EXPECT_THAT(failure.message, HasSubstr("found 20001"));
}

TEST_F(AppendTest, ReadersOfAStreamSeeThem) {
  Must(*log_, &Log::AppendEvents, Sent("1", "A-1"));
  v1::ReadStreamRequest request;
  request.set_stream("invoice/1");
  auto page = Must(*log_, &Log::ReadStream, request);
  ASSERT_EQ(page.events_size(), 1);
  EXPECT_EQ(page.events(0).header().type(), "InvoiceSent");
  EXPECT_EQ(page.events(0).header().schema_version(), 1u);
  EXPECT_EQ(page.events(0).header().actor().principal(), "user:ada");
  EXPECT_EQ(page.events(0).event().external().payload(), InvoiceSentBytes("A-1"));
  EXPECT_EQ(page.events(0).payload_json(), R"({"number":"A-1"})");
  request.set_payload_form(v1::PAYLOAD_FORM_STORED);
  page = Must(*log_, &Log::ReadStream, request);
  events::v1::Event event;
  ASSERT_TRUE(event.ParseFromString(page.stored_events(0).payload()));
  EXPECT_EQ(event.external().type(), "InvoiceSent");
}

TEST_F(AppendTest, OpaquePayloadsHaveNoJson) {
  v1::AppendEventsRequest append;
  Add(append, "sensor/s", "SensorRead", "{}");
  Must(*log_, &Log::AppendEvents, append);
  v1::ReadStreamRequest request;
  request.set_stream("sensor/s");
  const auto page = Must(*log_, &Log::ReadStream, request);
  EXPECT_EQ(page.events(0).event().external().payload(), "{}");
  EXPECT_THAT(page.events(0).payload_json(), IsEmpty());
}

TEST_F(AppendTest, SubscribersFilterThemByTypes) {
  v1::SubscribeRequest request;
  request.mutable_filter()->add_stream_types("invoice");
  request.mutable_filter()->add_event_types("InvoicePaid");
  request.set_payload_form(v1::PAYLOAD_FORM_CLEAR);
  grpc::ClientContext context;
  Prepare(context);
  const auto stream = log_->Subscribe(&context, request);
  v1::SubscribeResponse message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_caught_up());
  v1::AppendEventsRequest append = Sent("1", "A-1");
  Add(append, "invoice/1", "InvoicePaid", InvoicePaidBytes("d1"));
  Must(*log_, &Log::AppendEvents, append);
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_EQ(message.events().events_size(), 1);
  EXPECT_EQ(message.events().events(0).header().type(), "InvoicePaid");
  EXPECT_EQ(message.events().events(0).payload_json(), R"({"deal_id":"d1"})");
  context.TryCancel();
}

TEST_F(AppendTest, FiltersNameRegisteredTypesOnly) {
  const auto refused = [&](const v1::EventFilter& filter) {
    v1::ReadLogRequest request;
    *request.mutable_filter() = filter;
    grpc::ClientContext context;
    Prepare(context);
    const auto stream = log_->ReadLog(&context, request);
    v1::ReadLogResponse message;
    while (stream->Read(&message)) {
    }
    return FailureOf(stream->Finish()).fields;
  };
  v1::EventFilter filter;
  filter.add_stream_types("sensor");
  filter.add_event_types("InvoiceSent");
  EXPECT_THAT(refused(filter), IsEmpty());
  filter.add_event_types("InvoiceLost");
  EXPECT_THAT(refused(filter), ElementsAre("filter.event_types"));
  filter.add_stream_types("parcel");
  EXPECT_THAT(refused(filter), ElementsAre("filter.stream_types"));
}

TEST_F(AppendTest, HistoryTellsThem) {
  Must(*log_, &Log::AppendEvents, Sent("1", "A-1"));
  const auto history = v1::HistoryService::NewStub(TestChannel());
  using History = v1::HistoryService::Stub;
  v1::ListEventsRequest request;
  request.set_resource_id("invoice/1");
  auto list = Must(*history, &History::ListEvents, request);
  ASSERT_EQ(list.events_size(), 1);
  EXPECT_EQ(list.events(0).type(), "InvoiceSent");
  EXPECT_EQ(list.events(0).summary(), "InvoiceSent, 5 bytes");
  EXPECT_EQ(list.events(0).payload_json(), R"({"number":"A-1"})");
  request.set_resource_id("stream_type/invoice");
  list = Must(*history, &History::ListEvents, request);
  EXPECT_EQ(list.events(0).summary(), "registered with 2 event types");
  request.set_resource_id("invoice/none");
  EXPECT_EQ(Fails(*history, &History::ListEvents, request).reason, "STREAM_NOT_FOUND");
  request.set_resource_id("stream_type/parcel");
  EXPECT_EQ(Fails(*history, &History::ListEvents, request).reason, "STREAM_TYPE_NOT_FOUND");
  request.set_resource_id("invoice/");
  EXPECT_THAT(Fails(*history, &History::ListEvents, request).fields, ElementsAre("resource_id"));
}

// The views pass over them: a board read right after is as fresh as the append.
TEST_F(AppendTest, ViewsGoOn) {
  OpenDeal("Before");
  Must(*log_, &Log::AppendEvents, Sent("1", "A-1"));
  OpenDeal("After");
  v1::ListDealsRequest request;
  EXPECT_EQ(Must(*deals_, &v1::DealService::Stub::ListDeals, request).deals_size(), 2);
}

}  // namespace
}  // namespace dealog::rpc
