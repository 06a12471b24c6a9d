// Method: a subscription whose pages the test writes; what the source makes of them, message by
// message, as the client would read them.

#include "services/rpc/subscribe.h"

#include <gmock/gmock.h>

#include <deque>

#include "absl/time/clock.h"
#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/memory/memory_log.h"
#include "services/rpc/limits.h"
#include "tests/services/rpc/fixture.h"
#include "tests/support/event_log_commits.h"

namespace dealog::rpc {
namespace {

using eventstore::CommitPtr;
using eventstore::MakeCommit;
using eventstore::MakeEvent;
using eventstore::Position;
using testing::ElementsAre;
using Kind = StreamSource::Item::Kind;

using Page = eventstore::CommitSubscription::Page;

// What the log will say: pages in order, then nothing, or a failure.
struct Script {
  std::deque<Page> pages;
  absl::Status failure;
};

class ScriptedSubscription final : public eventstore::CommitSubscription {
 public:
  explicit ScriptedSubscription(Script& script) : script_(script) {}
  absl::StatusOr<Page> Poll(size_t) override {
    if (!script_.failure.ok()) return script_.failure;
    Page page;
    if (script_.pages.empty()) return page;
    page = std::move(script_.pages.front());
    script_.pages.pop_front();
    return page;
  }
  void SetWake(std::function<void()>) override {}

 private:
  Script& script_;
};

class SubscribeTest : public testing::Test {
 protected:
  // Commits as the log holds them, one per list of types.
  void Given(const std::vector<std::vector<const char*>>& commits) {
    events::v1::Event payload;
    payload.mutable_deal()->mutable_deal_won();
    for (const auto& types : commits) {
      std::vector<eventstore::NewEvent> events;
      for (const char* type : types) {
        events.push_back(MakeEvent("deal/1", type, payload.SerializeAsString()));
      }
      ASSERT_TRUE(eventstore::AppendOne(*log_, MakeCommit("acme", std::move(events), 1000)).ok());
    }
  }
  void Start(uint64_t after = 0, eventstore::EventFilter filter = {}) {
    source_ = MakeSubscribeSource({.subscribers = subscribers_,
                                   .tenant = {"acme"},
                                   .subscription = std::make_unique<ScriptedSubscription>(script_),
                                   .filter = std::move(filter),
                                   .after = Position{after},
                                   .bytes = EventBytes(v1::PAYLOAD_FORM_CLEAR)});
  }
  // A page with the commits after a position, as the log's own subscription returns them.
  void Give(uint64_t after, bool from_ring) {
    auto real = log_->Subscribe({"acme"}, Position{after}).value();
    Page page = real->Poll(1 << 30).value();
    page.from_ring = from_ring;
    script_.pages.push_back(std::move(page));
  }
  StreamSource::Item Next() { return source_->Next().value(); }
  v1::SubscribeResponse Read() {
    v1::SubscribeResponse message;
    const StreamSource::Item item = Next();
    EXPECT_EQ(item.kind, Kind::kMessage);
    EXPECT_TRUE(message.ParseFromString(item.bytes));
    return message;
  }
  static std::vector<uint64_t> Positions(const v1::SubscribeResponse& message) {
    std::vector<uint64_t> positions;
    for (const auto& event : message.events().events()) {
      positions.push_back(event.header().position());
    }
    return positions;
  }

  std::unique_ptr<eventstore::EventLog> log_ = eventstore::MakeMemoryLog({});
  SubscriberSet subscribers_;
  Script script_;
  std::unique_ptr<StreamSource> source_;
};

TEST_F(SubscribeTest, TellsThatItHasCaughtUpThenWaits) {
  Given({{"DealOpened"}, {"DealMoved"}});
  Start();
  Give(0, /*from_ring=*/false);
  EXPECT_THAT(Positions(Read()), ElementsAre(1, 2));
  const v1::SubscribeResponse level = Read();
  EXPECT_EQ(level.caught_up().position(), 2);
  EXPECT_TRUE(level.caught_up().has_recorded_at());
  const StreamSource::Item wait = Next();
  EXPECT_EQ(wait.kind, Kind::kWait);
  EXPECT_EQ(wait.wait_us_max, 0) << "there is nothing to tell later";
}

TEST_F(SubscribeTest, TellsThatItFellBehindAndThatItCaughtUpAgain) {
  Given({{"DealOpened"}});
  Start();
  EXPECT_TRUE(Read().has_caught_up());
  Give(0, /*from_ring=*/false);
  EXPECT_EQ(Read().fell_behind().position(), 0);
  EXPECT_THAT(Positions(Read()), ElementsAre(1));
  EXPECT_EQ(Read().caught_up().position(), 1);
  Given({{"DealMoved"}});
  Give(1, /*from_ring=*/true);
  EXPECT_THAT(Positions(Read()), ElementsAre(2));
  EXPECT_EQ(Next().kind, Kind::kWait);
}

TEST_F(SubscribeTest, BeginsInTheMiddleOfACommit) {
  Given({{"DealOpened", "DealMoved", "DealWon"}});
  Start(/*after=*/2);
  Give(2, /*from_ring=*/false);
  EXPECT_THAT(Positions(Read()), ElementsAre(3));
  EXPECT_EQ(Read().caught_up().position(), 3);
}

TEST_F(SubscribeTest, TellsWhereItStandsWhereNothingMatchesForLong) {
  std::vector<std::vector<const char*>> commits;
  constexpr size_t kEventsPerCommit = 1000;
  for (size_t i = 0; i < kCheckpointEvents / kEventsPerCommit; ++i) {
    commits.emplace_back(kEventsPerCommit, "DealMoved");
  }
  Given(commits);
  Start(0, {.event_types = {"DealWon"}});
  Give(0, /*from_ring=*/false);
  const v1::SubscribeResponse message = Read();
  EXPECT_EQ(message.checkpoint().position(), static_cast<int64_t>(kCheckpointEvents));
  EXPECT_TRUE(message.checkpoint().has_recorded_at());
  EXPECT_TRUE(Read().has_caught_up());
}

// Also where no further commit comes to remind of it.
TEST_F(SubscribeTest, LiveItTellsAfterAWhileHoweverLittleDidNotMatch) {
  Given({{"DealMoved"}});
  Start(0, {.event_types = {"DealWon"}});
  EXPECT_TRUE(Read().has_caught_up());
  Give(0, /*from_ring=*/true);
  const StreamSource::Item wait = Next();
  ASSERT_EQ(wait.kind, Kind::kWait);
  ASSERT_GT(wait.wait_us_max, 0);
  ASSERT_LE(wait.wait_us_max, kCheckpointMicros);
  absl::SleepFor(absl::Microseconds(wait.wait_us_max));
  EXPECT_EQ(Read().checkpoint().position(), 1);
  EXPECT_EQ(Next().wait_us_max, 0);
}

TEST_F(SubscribeTest, OneMessageHoldsOnlySoMuch) {
  std::vector<eventstore::NewEvent> events;
  for (int i = 0; i < 3; ++i) {
    events.push_back(MakeEvent("deal/1", "DealOpened", std::string(kEventMessageBytes / 2, 'x')));
  }
  ASSERT_TRUE(eventstore::AppendOne(*log_, MakeCommit("acme", std::move(events))).ok());
  Start();
  Give(0, /*from_ring=*/false);
  const auto count = [&] {
    // The payloads are no events: look at the headers only.
    const std::string bytes = Next().bytes;
    size_t headers = 0;
    for (size_t at = bytes.find("DealOpened"); at != std::string::npos;
         at = bytes.find("DealOpened", at + 1)) {
      ++headers;
    }
    return headers;
  };
  EXPECT_EQ(count(), 2u);
  EXPECT_EQ(count(), 1u);
}

TEST_F(SubscribeTest, EndsWithAnErrorOfTheLog) {
  Start();
  script_.failure =
      base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", "a commit is damaged");
  EXPECT_EQ(base::ReasonOf(source_->Next().status()), "CORRUPT_RECORD");
}

TEST_F(SubscribeTest, CountsAsBehindUntilItWasSent) {
  Given({{"DealOpened"}});
  Start();
  EXPECT_EQ(subscribers_.Measure(*log_, 2000).events_max, 1u);
  Give(0, /*from_ring=*/false);
  Read();
  Read();
  EXPECT_EQ(subscribers_.Measure(*log_, 2000).events_max, 0u);
}

class SubscribeCallTest : public RpcTest {};

// Nothing but time wakes the call here.
TEST_F(SubscribeCallTest, AQuietLogStillTellsWhereItStands) {
  MakeTenant();
  const auto log = v1::LogService::NewStub(TestChannel());
  grpc::ClientContext context;
  Prepare(context);
  v1::SubscribeRequest request;
  request.mutable_filter()->add_event_types("DealWon");
  const auto stream = log->Subscribe(&context, request);
  v1::SubscribeResponse message;
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_TRUE(message.has_caught_up());
  OpenDeal("Not won");
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_GT(message.checkpoint().position(), 0);
  context.TryCancel();
  while (stream->Read(&message)) {
  }
}

}  // namespace
}  // namespace dealog::rpc
