// Method: what is encoded by hand must parse as the messages of the API, field by field.

#include "services/rpc/event_bytes.h"

#include <gmock/gmock.h>

#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

class EventBytesTest : public testing::Test {
 protected:
  EventBytesTest() {
    storage::v1::EventHeader header;
    header.set_type("DealWon");
    header.set_position(7);
    header_ = header.SerializeAsString();
    events::v1::Event event;
    event.mutable_deal()->mutable_deal_won()->set_stage_id("stage_1");
    payload_ = event.SerializeAsString();
  }
  eventstore::EventView View() const { return {.header = header_, .payload = payload_}; }

  std::string header_;
  std::string payload_;
};

TEST_F(EventBytesTest, StoredFormIsTheBytesAsTheyAre) {
  const std::string sealed(300, 's');  // A length of two varint bytes.
  EventBytes bytes(v1::PAYLOAD_FORM_STORED);
  bytes.Add(View());
  bytes.Add({.header = header_, .payload = payload_, .sealed = {sealed, "t"}});
  EXPECT_EQ(bytes.count(), 2u);
  v1::ReadLogResponse message;
  ASSERT_TRUE(message.ParseFromString(bytes.TakeReadLog({1'000'000})));
  EXPECT_EQ(message.position(), 1'000'000);
  ASSERT_EQ(message.stored_events_size(), 2);
  EXPECT_EQ(message.stored_events(0).header(), header_);
  EXPECT_EQ(message.stored_events(0).payload(), payload_);
  EXPECT_THAT(message.stored_events(1).sealed(), testing::ElementsAre(sealed, "t"));
  EXPECT_EQ(message.events_size(), 0);
  EXPECT_EQ(bytes.count(), 0u);
}

TEST_F(EventBytesTest, ClearFormIsReadable) {
  EventBytes bytes(v1::PAYLOAD_FORM_CLEAR);
  bytes.Add(View());
  v1::SubscribeResponse message;
  ASSERT_TRUE(message.ParseFromString(bytes.TakeSubscribe()));
  ASSERT_EQ(message.events().events_size(), 1);
  EXPECT_EQ(message.events().events(0).header().type(), "DealWon");
  EXPECT_EQ(message.events().events(0).event().deal().deal_won().stage_id(), "stage_1");
  EXPECT_EQ(message.events().stored_events_size(), 0);
}

TEST_F(EventBytesTest, EmptyPagesStillTellThePosition) {
  EventBytes bytes(v1::PAYLOAD_FORM_STORED);
  v1::ReadLogResponse message;
  ASSERT_TRUE(message.ParseFromString(bytes.TakeReadLog({5})));
  EXPECT_EQ(message.position(), 5);
  EXPECT_EQ(message.stored_events_size(), 0);
}

TEST_F(EventBytesTest, IsFullByCountAndByBytes) {
  EventBytes many(v1::PAYLOAD_FORM_STORED);
  for (size_t i = 0; i < kEventMessageEventsMax; ++i) {
    ASSERT_FALSE(many.full());
    many.Add(View());
  }
  EXPECT_TRUE(many.full());
  EventBytes large(v1::PAYLOAD_FORM_STORED);
  const std::string payload(kEventMessageBytes, 'p');
  large.Add({.header = header_, .payload = payload});
  EXPECT_TRUE(large.full());
}

}  // namespace
}  // namespace dealog::rpc
