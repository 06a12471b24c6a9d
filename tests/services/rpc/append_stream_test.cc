// Method: over the wire; appends are written without waiting, their outcomes come in order, what is
// refused ends nothing but itself, and what breaks the numbering ends the call.

#include "services/rpc/append_stream.h"

#include <thread>

#include "services/rpc/limits.h"
#include "tests/services/rpc/append_fixture.h"

namespace dealog::rpc {
namespace {

using ::testing::ElementsAre;

class AppendStreamTest : public AppendFixture {
 protected:
  using Stream =
      grpc::ClientReaderWriter<v1::AppendEventStreamRequest, v1::AppendEventStreamResponse>;

  void Open() {
    context_ = std::make_unique<grpc::ClientContext>();
    Prepare(*context_);
    stream_ = log_->AppendEventStream(context_.get());
    sent_ = 0;
  }
  // One message of appends.
  bool Write(const std::vector<v1::AppendEventsRequest>& appends) {
    v1::AppendEventStreamRequest request;
    request.set_first_number(sent_ + 1);
    for (const auto& append : appends) *request.add_appends() = append;
    sent_ += request.appends_size();
    return stream_->Write(request);
  }
  // The next outcomes, in as many messages as they come.
  std::vector<v1::AppendOutcome> Read(size_t count) {
    std::vector<v1::AppendOutcome> outcomes;
    v1::AppendEventStreamResponse response;
    while (outcomes.size() < count && stream_->Read(&response)) {
      EXPECT_EQ(response.first_number(), read_ + 1);
      read_ += response.outcomes_size();
      outcomes.insert(outcomes.end(), response.outcomes().begin(), response.outcomes().end());
    }
    EXPECT_EQ(outcomes.size(), count);
    return outcomes;
  }
  Failure End() {
    stream_->WritesDone();
    v1::AppendEventStreamResponse response;
    EXPECT_FALSE(stream_->Read(&response)) << response.ShortDebugString();
    return FailureOf(stream_->Finish());
  }

  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;
  int64_t sent_ = 0;
  int64_t read_ = 0;
};

TEST_F(AppendStreamTest, OutcomesComeInTheOrderOfTheAppends) {
  Open();
  constexpr int kAppends = 500;
  for (int i = 0; i < kAppends; ++i) {
    auto append = Sent("1", "A");
    Expect(append, "invoice/1", i);  // On top of the ones before, none of which was waited for.
    ASSERT_TRUE(Write({append}));
  }
  const auto outcomes = Read(kAppends);
  for (int i = 0; i < kAppends; ++i) {
    ASSERT_TRUE(outcomes[i].has_appended()) << outcomes[i].ShortDebugString();
    EXPECT_EQ(outcomes[i].appended().streams(0).last_revision(), i + 1);
  }
  EXPECT_EQ(End().code, grpc::StatusCode::OK);
}

TEST_F(AppendStreamTest, ARefusalStopsNothingElse) {
  Open();
  auto conflict = Sent("1", "A");
  Expect(conflict, "invoice/1", 7);
  auto malformed = Sent("1", "A");
  malformed.set_request_id("1");
  ASSERT_TRUE(Write({Sent("1", "A"), conflict, malformed, Sent("1", "B")}));
  const auto outcomes = Read(4);
  EXPECT_TRUE(outcomes[0].has_appended());
  EXPECT_EQ(ReasonOf(outcomes[1]), "REVISION_CONFLICT");
  EXPECT_EQ(ReasonOf(outcomes[2]), "FIELD_INVALID");
  EXPECT_EQ(outcomes[3].appended().streams(0).last_revision(), 2);
  EXPECT_EQ(End().code, grpc::StatusCode::OK);
}

TEST_F(AppendStreamTest, ARepeatAfterABrokenConnectionIsDoneOnce) {
  auto append = Sent("1", "A");
  append.set_request_id("7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5c");
  Open();
  ASSERT_TRUE(Write({append}));
  Read(1);
  context_->TryCancel();
  stream_->Finish();
  read_ = 0;
  Open();
  ASSERT_TRUE(Write({append, Sent("1", "B")}));
  const auto outcomes = Read(2);
  EXPECT_TRUE(outcomes[0].appended().commit().replayed());
  EXPECT_EQ(outcomes[0].appended().streams(0).last_revision(), 1);
  EXPECT_EQ(outcomes[1].appended().streams(0).last_revision(), 2);
  EXPECT_EQ(End().code, grpc::StatusCode::OK);
}

// Far more than the window, in the largest messages, and nobody reads: the server stops reading,
// forgets nothing, and turns nothing away.
TEST_F(AppendStreamTest, AWriterThatDoesNotReadIsHeldBack) {
  Open();
  constexpr int kMessages = 5;
  const int64_t appends = kMessages * static_cast<int64_t>(kAppendsPerMessageMax);
  static_assert(kMessages * kAppendsPerMessageMax > 3 * kAppendWindow);
  std::thread writer([&] {
    for (int i = 0; i < kMessages; ++i) {
      Write(std::vector<v1::AppendEventsRequest>(kAppendsPerMessageMax, Sent("1", "A")));
    }
    stream_->WritesDone();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto outcomes = Read(static_cast<size_t>(appends));
  writer.join();
  for (int64_t i = 0; i < appends; ++i) {
    const v1::AppendOutcome& outcome = outcomes[static_cast<size_t>(i)];
    ASSERT_EQ(outcome.appended().streams(0).last_revision(), i + 1) << outcome.ShortDebugString();
  }
  v1::AppendEventStreamResponse response;
  EXPECT_FALSE(stream_->Read(&response));
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(AppendStreamTest, ABrokenNumberingEndsTheCall) {
  Open();
  ASSERT_TRUE(Write({Sent("1", "A")}));
  Read(1);
  sent_ = 5;
  Write({Sent("1", "A")});
  EXPECT_THAT(End().fields, ElementsAre("first_number"));
  Open();
  Write({});
  EXPECT_THAT(End().fields, ElementsAre("appends"));
  Open();
  Write(std::vector<v1::AppendEventsRequest>(kAppendsPerMessageMax + 1));
  EXPECT_THAT(End().fields, ElementsAre("appends"));
}

TEST_F(AppendStreamTest, AnEmptyStreamEndsWell) {
  Open();
  EXPECT_EQ(End().code, grpc::StatusCode::OK);
}

}  // namespace
}  // namespace dealog::rpc
