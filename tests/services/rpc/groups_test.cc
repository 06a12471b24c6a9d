// Method: over the wire, through the program's server: a consumer as a client writes it. The rules
// themselves are tested in services/groups.

#include <chrono>
#include <set>

#include "absl/time/clock.h"
#include "dealog/v1/groups.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "services/groups/limits.h"
#include "tests/services/rpc/append_fixture.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Stub = v1::ConsumerGroupService::Stub;
using testing::ElementsAre;

// One Consume call.
class Consuming {
 public:
  Consuming(Stub& stub, std::unique_ptr<grpc::ClientContext> context)
      : context_(std::move(context)), stream_(stub.Consume(context_.get())) {}

  bool Start(const std::string& group, int32_t credits,
             v1::PayloadForm form = v1::PAYLOAD_FORM_CLEAR) {
    v1::ConsumeRequest request;
    request.mutable_start()->set_group(group);
    request.mutable_start()->set_consumer("test");
    request.mutable_start()->set_credits(credits);
    request.mutable_start()->set_payload_form(form);
    return stream_->Write(request);
  }
  bool Write(const v1::ConsumeRequest& request) { return stream_->Write(request); }
  bool Ack(const v1::Delivery& delivery) {
    v1::ConsumeRequest request;
    request.mutable_ack()->add_delivery_ids(delivery.delivery_id());
    return stream_->Write(request);
  }
  bool Nack(const v1::Delivery& delivery, v1::ConsumeNack::Action action,
            const std::string& reason) {
    v1::ConsumeRequest request;
    request.mutable_nack()->add_delivery_ids(delivery.delivery_id());
    request.mutable_nack()->set_action(action);
    request.mutable_nack()->set_reason(reason);
    return stream_->Write(request);
  }
  v1::ConsumeResponse Read() {
    v1::ConsumeResponse message;
    open_ = stream_->Read(&message);
    return message;
  }
  // The next `count` deliveries.
  std::vector<v1::Delivery> Take(size_t count) {
    std::vector<v1::Delivery> taken;
    while (taken.size() < count && open_) {
      const v1::ConsumeResponse message = Read();
      for (const auto& delivery : message.deliveries().deliveries()) taken.push_back(delivery);
    }
    return taken;
  }
  grpc::Status Close() {
    stream_->WritesDone();
    while (open_) Read();
    return stream_->Finish();
  }
  Failure EndsWith() {
    while (open_) Read();
    return FailureOf(stream_->Finish());
  }
  // As if its process were killed.
  void Kill() {
    context_->TryCancel();
    EndsWith();
  }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::ConsumeRequest, v1::ConsumeResponse>> stream_;
  bool open_ = true;
};

class GroupsTest : public RpcTest {
 protected:
  void SetUp() override {
    MakeTenant();
    stub_ = v1::ConsumerGroupService::NewStub(TestChannel());
  }
  // A group of what deals are opened from now on.
  void CreateGroup(const std::function<void(v1::CreateGroupRequest&)>& change = {}) {
    v1::CreateGroupRequest request;
    request.set_name("mailer");
    request.mutable_settings()->mutable_filter()->add_event_types("DealOpened");
    if (change) change(request);
    Must(*stub_, &Stub::CreateGroup, request);
  }
  v1::ConsumerGroup Group() {
    v1::GetGroupRequest request;
    request.set_name("mailer");
    return Must(*stub_, &Stub::GetGroup, request).group();
  }
  // Waits until it holds of the group.
  bool Becomes(const std::function<bool(const v1::ConsumerGroup&)>& holds) {
    for (int i = 0; i < 1000; ++i) {
      if (holds(Group())) return true;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return false;
  }
  std::unique_ptr<Consuming> Consume() {
    auto context = std::make_unique<grpc::ClientContext>();
    Prepare(*context);
    return std::make_unique<Consuming>(*stub_, std::move(context));
  }
  int64_t Head() {
    v1::GetHeadRequest request;
    const auto log = v1::LogService::NewStub(TestChannel());
    return Must(*log, &v1::LogService::Stub::GetHead, request).position();
  }

  std::unique_ptr<Stub> stub_;
};

TEST_F(GroupsTest, AConsumerGetsEventsAndTheirAcksMoveTheCheckpoint) {
  CreateGroup();
  const int64_t before = Head();
  const auto consumer = Consume();
  ASSERT_TRUE(consumer->Start("mailer", 10));
  EXPECT_EQ(consumer->Read().started().checkpoint(), before);
  const std::string deal_id = OpenDeal("First").deal_id();
  const auto taken = consumer->Take(1);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].event().header().type(), "DealOpened");
  EXPECT_EQ(taken[0].event().header().stream().id(), deal_id);
  EXPECT_EQ(taken[0].delivery_number(), 1);
  EXPECT_EQ(taken[0].position(), static_cast<int64_t>(taken[0].event().header().position()));
  ASSERT_TRUE(consumer->Ack(taken[0]));
  EXPECT_TRUE(consumer->Close().ok());
  const v1::ConsumerGroup group = Group();
  EXPECT_GE(group.checkpoint(), taken[0].position());
  EXPECT_EQ(group.in_flight(), 0);
  EXPECT_EQ(group.consumers_size(), 0);
}

TEST_F(GroupsTest, StoredEventsAreTheBytesOfTheLog) {
  CreateGroup();
  const auto consumer = Consume();
  ASSERT_TRUE(consumer->Start("mailer", 10, v1::PAYLOAD_FORM_UNSPECIFIED));
  OpenDeal("Stored");
  const auto taken = consumer->Take(1);
  ASSERT_EQ(taken.size(), 1u);
  storage::v1::EventHeader header;
  ASSERT_TRUE(header.ParseFromString(taken[0].stored_event().header()));
  EXPECT_EQ(header.type(), "DealOpened");
  EXPECT_FALSE(taken[0].has_event());
  consumer->Close();
}

TEST_F(GroupsTest, AnotherConsumerTakesOverFromOneThatIsKilled) {
  CreateGroup();
  std::set<std::string> opened;
  for (int i = 0; i < 6; ++i) opened.insert(OpenDeal("Deal").deal_id());
  const auto killed = Consume();
  const auto other = Consume();
  ASSERT_TRUE(killed->Start("mailer", 3));
  const auto lost = killed->Take(3);
  ASSERT_EQ(lost.size(), 3u);
  ASSERT_TRUE(other->Start("mailer", 10));
  ASSERT_EQ(other->Read().has_started(), true);
  std::set<std::string> handled;
  std::vector<v1::Delivery> taken = other->Take(3);
  ASSERT_TRUE(killed->Ack(lost[0]));
  handled.insert(lost[0].event().header().stream().id());
  ASSERT_TRUE(Becomes([](const auto& group) { return group.in_flight() == 5; }));
  killed->Kill();
  for (const v1::Delivery& again : other->Take(2)) {
    EXPECT_EQ(again.delivery_number(), 2);
    taken.push_back(again);
  }
  for (const v1::Delivery& delivery : taken) {
    EXPECT_TRUE(handled.insert(delivery.event().header().stream().id()).second) << "handled twice";
    ASSERT_TRUE(other->Ack(delivery));
  }
  EXPECT_EQ(handled, opened);
  EXPECT_TRUE(Becomes([](const auto& group) { return group.in_flight() == 0; }));
  EXPECT_EQ(Group().parked(), 0);
  other->Close();
}

TEST_F(GroupsTest, WhatKeepsFailingIsParkedAndReplayed) {
  CreateGroup(
      [](v1::CreateGroupRequest& request) { request.mutable_settings()->set_max_deliveries(2); });
  OpenDeal("Poison");
  for (int i = 0; i < 2; ++i) {
    const auto consumer = Consume();
    ASSERT_TRUE(consumer->Start("mailer", 1));
    ASSERT_EQ(consumer->Take(1).size(), 1u);
    consumer->Kill();  // Before any nack.
    ASSERT_TRUE(Becomes([](const auto& group) { return group.consumers_size() == 0; }));
  }
  EXPECT_EQ(Group().parked(), 1);
  v1::ListParkedRequest list;
  list.set_group("mailer");
  const auto parked = Must(*stub_, &Stub::ListParked, list);
  ASSERT_EQ(parked.parked_size(), 1);
  EXPECT_EQ(parked.parked(0).deliveries(), 2);
  EXPECT_EQ(parked.parked(0).event_type(), "DealOpened");
  EXPECT_EQ(parked.next_after_position(), 0);
  const int64_t checkpoint = Group().checkpoint();

  v1::ReplayParkedRequest replay;
  replay.set_group("mailer");
  EXPECT_THAT(Fails(*stub_, &Stub::ReplayParked, replay).fields, ElementsAre("filter"));
  replay.add_positions(parked.parked(0).position());
  EXPECT_EQ(Must(*stub_, &Stub::ReplayParked, replay).count(), 1);
  EXPECT_EQ(Group().replaying(), 1);
  const auto consumer = Consume();
  ASSERT_TRUE(consumer->Start("mailer", 1));
  const auto again = consumer->Take(1);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].delivery_number(), 1);
  ASSERT_TRUE(consumer->Nack(again[0], v1::ConsumeNack::PARK, "still odd"));
  EXPECT_TRUE(consumer->Close().ok());
  EXPECT_EQ(Must(*stub_, &Stub::ListParked, list).parked(0).reason(), "still odd");
  EXPECT_EQ(Group().checkpoint(), checkpoint);
}

TEST_F(GroupsTest, ParkedEventsComeInPages) {
  CreateGroup();
  const auto consumer = Consume();
  ASSERT_TRUE(consumer->Start("mailer", 10));
  for (int i = 0; i < 3; ++i) OpenDeal("Deal");
  for (const v1::Delivery& delivery : consumer->Take(3)) {
    ASSERT_TRUE(consumer->Nack(delivery, v1::ConsumeNack::PARK, ""));
  }
  consumer->Close();
  v1::ListParkedRequest list;
  list.set_group("mailer");
  list.set_page_size(2);
  const auto first = Must(*stub_, &Stub::ListParked, list);
  ASSERT_EQ(first.parked_size(), 2);
  EXPECT_EQ(first.next_after_position(), first.parked(1).position());
  list.set_after_position(first.next_after_position());
  const auto rest = Must(*stub_, &Stub::ListParked, list);
  EXPECT_EQ(rest.parked_size(), 1);
  EXPECT_EQ(rest.next_after_position(), 0);
  list.set_page_size(-1);
  EXPECT_THAT(Fails(*stub_, &Stub::ListParked, list).fields, ElementsAre("page_size"));
}

TEST_F(GroupsTest, ALateAckIsRefusedAndTheCallGoesOn) {
  CreateGroup([](v1::CreateGroupRequest& request) {
    request.mutable_settings()->mutable_ack_timeout()->set_nanos(100'000'000);
  });
  const auto consumer = Consume();
  ASSERT_TRUE(consumer->Start("mailer", 10));
  OpenDeal("Slow");
  const auto first = consumer->Take(1);
  const auto second = consumer->Take(1);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].delivery_number(), 2);
  ASSERT_TRUE(consumer->Ack(first[0]));
  v1::ConsumeResponse message;
  do {
    message = consumer->Read();
  } while (message.has_deliveries());
  EXPECT_EQ(message.refused().delivery_id(), first[0].delivery_id());
  EXPECT_EQ(message.refused().reason(), "DELIVERY_STALE");
  consumer->Close();
}

TEST_F(GroupsTest, ABrokenDialogueEndsWithWhatIsWrong) {
  const auto fails = [&](const v1::ConsumeRequest& request, bool started) {
    const auto consumer = Consume();
    if (started) consumer->Start("mailer", 1);
    consumer->Write(request);
    return consumer->EndsWith().fields;
  };
  CreateGroup();
  v1::ConsumeRequest request;
  request.mutable_credits()->set_events(1);
  EXPECT_THAT(fails(request, false), ElementsAre("start"));
  request.mutable_credits()->set_events(0);
  EXPECT_THAT(fails(request, true), ElementsAre("credits.events"));
  request.mutable_start()->set_group("mailer");
  EXPECT_THAT(fails(request, true), ElementsAre("start"));
  EXPECT_THAT(fails(request, false), ElementsAre("start.consumer"));
  request.mutable_start()->set_consumer("c");
  request.mutable_start()->set_credits(groups::kCreditsMax + 1);
  EXPECT_THAT(fails(request, false), ElementsAre("start.credits"));
  request.mutable_ack();
  EXPECT_THAT(fails(request, true), ElementsAre("ack.delivery_ids"));
  request.mutable_ack()->add_delivery_ids("no id");
  EXPECT_THAT(fails(request, true), ElementsAre("ack.delivery_ids"));
  request.mutable_nack()->add_delivery_ids("1-1-1");
  EXPECT_THAT(fails(request, true), ElementsAre("nack.action"));
  request.mutable_nack()->set_action(v1::ConsumeNack::RETRY);
  request.mutable_nack()->mutable_retry_delay()->set_seconds(3601);
  EXPECT_THAT(fails(request, true), ElementsAre("nack.retry_delay"));
  request.mutable_nack()->clear_retry_delay();
  request.mutable_nack()->set_reason(std::string(groups::kReasonBytesMax + 1, 'x'));
  EXPECT_THAT(fails(request, true), ElementsAre("nack.reason"));
  request.Clear();
  EXPECT_THAT(fails(request, true), ElementsAre("message"));
  const auto empty = Consume();
  EXPECT_THAT(FailureOf(empty->Close()).fields, ElementsAre("start"));
  const auto unknown = Consume();
  unknown->Start("nobody", 1);
  EXPECT_EQ(unknown->EndsWith().reason, "GROUP_NOT_FOUND");
}

TEST_F(GroupsTest, GroupsAreListedChangedResetAndDeleted) {
  CreateGroup();
  v1::CreateGroupRequest again;
  again.set_name("mailer");
  EXPECT_EQ(Fails(*stub_, &Stub::CreateGroup, again).reason, "GROUP_EXISTS");
  again.set_name("No Name");
  EXPECT_THAT(Fails(*stub_, &Stub::CreateGroup, again).fields, ElementsAre("name"));
  again.set_name("other");
  again.set_after_position(-1);
  EXPECT_THAT(Fails(*stub_, &Stub::CreateGroup, again).fields, ElementsAre("after_position"));
  again.clear_after_position();
  again.mutable_settings()->set_max_deliveries(-1);
  EXPECT_THAT(Fails(*stub_, &Stub::CreateGroup, again).fields,
              ElementsAre("settings.max_deliveries"));
  again.mutable_settings()->set_max_deliveries(0);
  again.mutable_settings()->mutable_filter()->add_event_types("NoSuchEvent");
  EXPECT_THAT(Fails(*stub_, &Stub::CreateGroup, again).fields, ElementsAre("filter.event_types"));
  EXPECT_EQ(Must(*stub_, &Stub::ListGroups, v1::ListGroupsRequest()).groups_size(), 1);

  v1::UpdateGroupRequest update;
  update.set_name("mailer");
  update.mutable_settings()->set_max_in_flight(3);
  EXPECT_THAT(Fails(*stub_, &Stub::UpdateGroup, update).fields, ElementsAre("update_mask"));
  update.mutable_update_mask()->add_paths("max_in_flight");
  const auto updated = Must(*stub_, &Stub::UpdateGroup, update).group();
  EXPECT_EQ(updated.settings().max_in_flight(), 3);
  EXPECT_EQ(updated.settings().max_deliveries(), 5);
  EXPECT_THAT(updated.settings().filter().event_types(), ElementsAre("DealOpened"));
  update.mutable_update_mask()->add_paths("name");
  EXPECT_THAT(Fails(*stub_, &Stub::UpdateGroup, update).fields, ElementsAre("update_mask"));

  v1::ResetGroupRequest reset;
  reset.set_name("mailer");
  reset.set_after_position(1);
  EXPECT_EQ(Must(*stub_, &Stub::ResetGroup, reset).group().checkpoint(), 1);
  reset.set_after_position(Head() + 1);
  EXPECT_THAT(Fails(*stub_, &Stub::ResetGroup, reset).fields, ElementsAre("after_position"));

  const auto consumer = Consume();
  ASSERT_TRUE(consumer->Start("mailer", 1));
  consumer->Read();
  v1::DeleteGroupRequest erase;
  erase.set_name("mailer");
  Must(*stub_, &Stub::DeleteGroup, erase);
  EXPECT_EQ(consumer->EndsWith().reason, "GROUP_NOT_FOUND");
  EXPECT_EQ(Fails(*stub_, &Stub::DeleteGroup, erase).reason, "GROUP_NOT_FOUND");
}

class GroupsOfOtherServicesTest : public AppendFixture {};

TEST_F(GroupsOfOtherServicesTest, TheirEventsAreConsumedLikeAnyOther) {
  const auto stub = v1::ConsumerGroupService::NewStub(TestChannel());
  v1::CreateGroupRequest request;
  request.set_name("ledger");
  request.mutable_settings()->mutable_filter()->add_stream_types("invoice");
  request.mutable_settings()->mutable_filter()->add_event_types("NoSuchEvent");
  EXPECT_THAT(Fails(*stub, &Stub::CreateGroup, request).fields, ElementsAre("filter.event_types"));
  request.mutable_settings()->mutable_filter()->set_event_types(0, "InvoicePaid");
  Must(*stub, &Stub::CreateGroup, request);
  v1::AppendEventsRequest append = Sent("1", "A-1");
  Add(append, "invoice/1", "InvoicePaid", InvoicePaidBytes("d1"));
  const int64_t last = Must(*log_, &Log::AppendEvents, append).commit().position();
  for (const v1::PayloadForm form : {v1::PAYLOAD_FORM_STORED, v1::PAYLOAD_FORM_CLEAR}) {
    auto context = std::make_unique<grpc::ClientContext>();
    Prepare(*context);
    Consuming consumer(*stub, std::move(context));
    ASSERT_TRUE(consumer.Start("ledger", 1, form));
    const auto taken = consumer.Take(1);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].position(), last);
    EXPECT_EQ(taken[0].has_stored_event(), form == v1::PAYLOAD_FORM_STORED);
    if (form == v1::PAYLOAD_FORM_CLEAR) {
      EXPECT_EQ(taken[0].event().payload_json(), R"({"deal_id":"d1"})");
      ASSERT_TRUE(consumer.Ack(taken[0]));
    }
    EXPECT_TRUE(consumer.Close().ok());
  }
  v1::GetGroupRequest get;
  get.set_name("ledger");
  EXPECT_EQ(Must(*stub, &Stub::GetGroup, get).group().checkpoint(), last);
}

// A client that sends and never reads must neither be answered without bound nor stop others.
TEST_F(GroupsTest, AClientThatReadsNothingIsHeldBack) {
  CreateGroup();
  auto context = std::make_unique<grpc::ClientContext>();
  Prepare(*context);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
  Consuming deaf(*stub_, std::move(context));
  ASSERT_TRUE(deaf.Start("mailer", 1));
  v1::ConsumeRequest request;
  for (int i = 0; i < groups::kSettledPerMessageMax; ++i) {
    request.mutable_ack()->add_delivery_ids("1-1-1");
  }
  int written = 0;
  while (written < 100'000 && deaf.Write(request)) ++written;  // Until flow control and deadline.
  EXPECT_LT(written, 100'000);
  EXPECT_EQ(Group().name(), "mailer");
}

}  // namespace
}  // namespace dealog::rpc
