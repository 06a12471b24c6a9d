// Method: a subscription whose pages the test writes; what the source makes of them, message by
// message, as the client would read them.

#include "services/rpc/subscribe.h"

#include <gmock/gmock.h>

#include <deque>

#include "absl/time/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/memory/memory_log.h"
#include "services/rpc/limits.h"
#include "tests/support/event_log_commits.h"

namespace dealog::rpc {
namespace {

using eventstore::CommitPtr;
using eventstore::MakeCommit;
using eventstore::MakeEvent;
using eventstore::Position;
using testing::ElementsAre;
using Kind = StreamSource::Item::Kind;

// Hands out pages in order; then nothing.
class ScriptedSubscription final : public eventstore::CommitSubscription {
 public:
  explicit ScriptedSubscription(std::deque<absl::StatusOr<Page>>& pages) : pages_(pages) {}
  absl::StatusOr<Page> Poll(size_t) override {
    if (pages_.empty()) return Page{};
    absl::StatusOr<Page> page = std::move(pages_.front());
    pages_.pop_front();
    return page;
  }
  void SetWake(std::function<void()>) override {}

 private:
  std::deque<absl::StatusOr<Page>>& pages_;
};

class SubscribeTest : public testing::Test {
 protected:
  // Commits as the log holds them, one per list of types.
  void Given(const std::vector<std::vector<const char*>>& commits) {
    for (const auto& types : commits) {
      std::vector<eventstore::NewEvent> events;
      for (const char* type : types) events.push_back(MakeEvent("deal/1", type));
      ASSERT_TRUE(eventstore::AppendOne(*log_, MakeCommit("acme", std::move(events), 1000)).ok());
    }
  }
  void Start(uint64_t after = 0, eventstore::EventFilter filter = {}) {
    source_ = MakeSubscribeSource({.subscribers = subscribers_,
                                   .tenant = {"acme"},
                                   .subscription = std::make_unique<ScriptedSubscription>(pages_),
                                   .filter = std::move(filter),
                                   .after = Position{after},
                                   .bytes = EventBytes(v1::PAYLOAD_FORM_CLEAR)});
  }
  // A page with the commits after a position, as the log's own subscription returns them.
  void Page(uint64_t after, bool from_ring) {
    auto real = log_->Subscribe({"acme"}, Position{after}).value();
    auto page = real->Poll(1 << 30).value();
    page.from_ring = from_ring;
    pages_.push_back(std::move(page));
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
  std::deque<absl::StatusOr<eventstore::CommitSubscription::Page>> pages_;
  std::unique_ptr<StreamSource> source_;
};

TEST_F(SubscribeTest, TellsThatItHasCaughtUpThenWaits) {
  Given({{"DealOpened"}, {"DealMoved"}});
  Start();
  Page(0, /*from_ring=*/false);
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
  Page(0, /*from_ring=*/false);
  EXPECT_EQ(Read().fell_behind().position(), 0);
  EXPECT_THAT(Positions(Read()), ElementsAre(1));
  EXPECT_EQ(Read().caught_up().position(), 1);
  Given({{"DealMoved"}});
  Page(1, /*from_ring=*/true);
  EXPECT_THAT(Positions(Read()), ElementsAre(2));
  EXPECT_EQ(Next().kind, Kind::kWait);
}

TEST_F(SubscribeTest, BeginsInTheMiddleOfACommit) {
  Given({{"DealOpened", "DealMoved", "DealWon"}});
  Start(/*after=*/2);
  Page(2, /*from_ring=*/false);
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
  Page(0, /*from_ring=*/false);
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
  Page(0, /*from_ring=*/true);
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
  Page(0, /*from_ring=*/false);
  const auto count = [&] {
    v1::EventBatch batch;  // The payloads are no events: look at their number only.
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
  pages_.push_back(
      base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", "a commit is damaged"));
  EXPECT_EQ(base::ReasonOf(source_->Next().status()), "CORRUPT_RECORD");
}

TEST_F(SubscribeTest, CountsAsBehindUntilItWasSent) {
  Given({{"DealOpened"}});
  Start();
  EXPECT_EQ(subscribers_.Measure(*log_, 2000).events_max, 1u);
  Page(0, /*from_ring=*/false);
  Read();
  Read();
  EXPECT_EQ(subscribers_.Measure(*log_, 2000).events_max, 0u);
}

}  // namespace
}  // namespace dealog::rpc
