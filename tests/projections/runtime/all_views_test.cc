// Method: a random history of everything that views fold, followed live with many flushes; then
// every way of starting anew must leave every row of AllViews() as it was, byte for byte.

#include <algorithm>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "projections/states/event_types.h"
#include "projections/views/queries.h"
#include "projections/views/registry.h"
#include "tests/projections/runtime/runner_fixture.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

constexpr char kTenant[] = "acme";
constexpr int64_t kShown = 1'800'000'000'000'000;

class AllViewsTest : public RunnerTest {
 protected:
  void Log(const events::v1::Event& event, const eventstore::StreamId& stream, int64_t time_us) {
    eventstore::NewCommit commit;
    commit.tenant = TenantId{kTenant};
    commit.recorded_at_us = time_us;
    commit.origin.principal = "user:test";
    eventstore::NewEvent& added = commit.events.emplace_back();
    added.stream = stream;
    added.type = states::EventTypeName(event);
    if (added.type.empty()) added.type = "Novelty";  // Of a newer release.
    added.event_id = base::UuidBytes(base::DeriveUuid7(1, std::to_string(++count_)));
    added.payload = event.SerializeAsString();
    added.occurred_at_us = time_us;
    const PartitionId partition = log_->PartitionOf(commit.tenant);
    auto outcomes = log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1});
    DEALOG_CHECK_OK(outcomes);
    DEALOG_CHECK_OK(outcomes->front());
  }
  using History = std::vector<dealog::testing::LoggedEvent>;
  static History HistoryOf(int deals, uint64_t seed) {
    History history;
    dealog::testing::RandomDeals random({.deals = deals, .seed = seed, .catalogue_changes = 0.1});
    random.Generate([&history](const auto& logged) { history.push_back(logged); });
    return history;
  }
  void LogAll(std::span<const dealog::testing::LoggedEvent> history) {
    for (const dealog::testing::LoggedEvent& logged : history) {
      const storage::v1::EventHeader& header = logged.header;
      Log(logged.event, {header.stream().type(), header.stream().id()}, header.occurred_at_us());
    }
  }
  void LogDeals(int deals, uint64_t seed) { LogAll(HistoryOf(deals, seed)); }
  // One example of each event that has no order to keep: people, activities, imports, workflows.
  void LogExamples() {
    std::ifstream file("tests/golden/events.txt");
    for (std::string line; std::getline(file, line);) {
      const size_t first = line.find(' ');
      const size_t second = line.find(' ', first + 1);
      if (line.empty() || line[0] == '#') continue;
      events::v1::Event event;
      ASSERT_TRUE(event.ParseFromString(
          absl::HexStringToBytes(line.substr(first + 1, second - first - 1))));
      const auto* kind = event.GetReflection()->GetOneofFieldDescriptor(
          event, event.GetDescriptor()->oneof_decl(0));
      const std::string type = kind->name();
      if (type == "deal" || type == "pipeline" || type == "tenant") continue;
      Log(event, {type, type + "_x"}, 1'700'000'000'000'000);
    }
  }
  template <typename Question>
  auto Ask(Question question) {
    const auto read = Read(kTenant);
    DEALOG_CHECK_OK(read);
    return question(**read);
  }
  void AwaitHead() {
    // Let go of before statuses are asked for: a flush may wait between the two.
    const absl::Status fresh = Read(kTenant).status();
    ASSERT_TRUE(fresh.ok()) << fresh;
    for (const ProjectionStatus& status : runner_->Statuses()) {
      EXPECT_NE(status.state, ProjectionStatus::State::kFailed)
          << status.name << ": " << status.error;
    }
  }
  // What a runner over AllViews() leaves once it has read everything.
  std::vector<std::pair<std::string, std::string>> RowsOfAFoldInOneGo() {
    Stop();
    std::filesystem::remove_all(Views());
    Start(AllViews());
    AwaitHead();
    Stop();
    return Dump();
  }

  int count_ = 0;
};

TEST_F(AllViewsTest, DeletedViewsRebuildToTheSameBytes) {
  Start(AllViews());
  LogDeals(60, 1);  // Live, with many flushes between.
  AwaitHead();
  LogExamples();
  AwaitHead();
  Stop();
  const auto live = Dump();
  std::set<std::string> with_rows;
  for (const auto& [key, value] : live) {
    for (const ViewDefinition& view : AllViews()) {
      if (key.find(view.name) != std::string::npos) with_rows.emplace(view.name);
    }
  }
  EXPECT_EQ(with_rows.size(), AllViews().size()) << "a view without rows is not tested";
  EXPECT_EQ(RowsOfAFoldInOneGo(), live);
}

TEST_F(AllViewsTest, ARestartHalfWayChangesNoByte) {
  LogDeals(20, 2);
  Start(AllViews());
  AwaitHead();
  Stop();
  LogExamples();
  Start(AllViews());
  AwaitHead();
  Stop();
  const auto resumed = Dump();
  EXPECT_EQ(RowsOfAFoldInOneGo(), resumed);
}

TEST_F(AllViewsTest, ARebuildByHandChangesNoByte) {
  LogDeals(20, 3);
  LogExamples();
  const auto before = RowsOfAFoldInOneGo();
  Start(AllViews());
  ASSERT_TRUE(runner_->Rebuild("", {}).ok());
  for (bool ready = false; !ready;) {
    AwaitHead();
    ready = true;
    const auto read = Read(kTenant);
    for (const ProjectionStatus& status : runner_->Statuses()) {
      ready = ready && status.state == ProjectionStatus::State::kLive;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  Stop();
  EXPECT_EQ(Dump(), before);
}

TEST_F(AllViewsTest, EvictedLoadedAndEvictedAgainChangesNoByte) {
  LogDeals(20, 4);
  LogExamples();
  const auto before = RowsOfAFoldInOneGo();
  // Two tenants where there is room for none: each read of one sends the other away.
  Append("other", "n", {"a"});
  Start(AllViews(), {.flush_interval = absl::Milliseconds(2), .memory_bytes_max = 1});
  for (int i = 0; i < 5; ++i) {
    AwaitHead();
    ASSERT_TRUE(Read("other").ok());
  }
  EXPECT_GE(runner_->memory().evictions, 5u);
  Stop();
  const auto after = Dump();
  for (const auto& [key, value] : before) {
    if (key.front() == 'C') continue;  // Of the partition, which another tenant wrote to.
    EXPECT_TRUE(std::binary_search(after.begin(), after.end(), std::pair(key, value)))
        << absl::CEscape(key);
  }
}

// "cycle" is a field that no index answers for: all deals are passed.
std::string BoardText(const TenantViews& views, const AsKnown& when = {},
                      std::string_view filter = "") {
  v1::GetBoardRequest request;
  request.set_filter(std::string(filter));
  const absl::StatusOr<v1::GetBoardResponse> board = GetBoard(views, request, when, kShown);
  return board.ok() ? board->DebugString() : board.status().ToString();
}

TEST_F(AllViewsTest, ADetachedReadHoldsUpNoFoldAndStaysAsItWas) {
  const History history = HistoryOf(80, 4);
  const size_t half = history.size() / 2;
  Start(AllViews());
  LogAll(std::span(history).first(half));
  const auto early = Read(kTenant);
  ASSERT_TRUE(early.ok()) << early.status();
  const std::string before = BoardText(**early);
  EXPECT_NE(before.find("cards"), std::string::npos) << before;
  const eventstore::Position position = (*early)->position();
  (*early)->Detach();
  (*early)->Detach();
  EXPECT_EQ((*early)->position(), position);
  EXPECT_EQ(BoardText(**early), before) << "a scan says what the indexes say";

  // With the lock held this thread would wait for itself.
  LogAll(std::span(history).subspan(half));
  {
    const auto late = Read(kTenant);
    ASSERT_TRUE(late.ok()) << late.status();
    EXPECT_GT((*late)->position(), position);
    EXPECT_NE(BoardText(**late), before);
  }
  EXPECT_EQ((*early)->position(), position);
  EXPECT_EQ(BoardText(**early), before);

  // A rebuild does not take it away. Who detaches at one position shares a copy.
  ASSERT_TRUE(runner_->Rebuild("deals", TenantId{kTenant}).ok());
  AwaitHead();
  EXPECT_EQ(BoardText(**early), before);
  const auto copy = [](const TenantViews& views) {
    views.Detach();
    return *views.Get<ViewState>("deals");
  };
  const auto one = Read(kTenant);
  const auto other = Read(kTenant);
  EXPECT_EQ(copy(**one), copy(**other));
}

TEST_F(AllViewsTest, WhatPassesManyDealsDetachesByItself) {
  const History history = HistoryOf(60, 6);
  const size_t third = history.size() / 3;
  Start(AllViews());
  LogAll(std::span(history).first(third));
  const AsKnown then{.known_position = Ask([](const TenantViews& v) { return v.position(); })};
  const std::string before = Ask([](const TenantViews& v) { return BoardText(v); });
  LogAll(std::span(history).subspan(third, third));

  const auto past = Read(kTenant);
  std::string known = BoardText(**past, then);
  LogAll(std::span(history).subspan(2 * third));  // Does not wait for the read that is at hand.
  EXPECT_GT(Ask([](const TenantViews& v) { return v.position(); }), (*past)->position());
  EXPECT_EQ(known, before);
  // What is asked next of the same read is at the same position, whatever has been folded since.
  EXPECT_EQ(BoardText(**past, then), before);
  v1::QueryKpiRequest kpi;
  kpi.set_kpi(v1::KPI_CONVERSION);
  EXPECT_EQ(QueryKpi(**past, kpi, {}, kShown)->position(),
            static_cast<int64_t>((*past)->position().value));
  const absl::StatusOr<std::vector<v1::Deal>> changed =
      DealsChangedAfter(**past, "", *then.known_position, 1'000);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_GT(changed->size(), 10u);
}

TEST_F(AllViewsTest, EventsOfANewerReleaseFoldToNothingInEveryView) {
  LogExamples();
  Start(AllViews());
  AwaitHead();
  // A kind that no build has, in every aggregate of the union, and an aggregate that none has.
  std::vector<int> aggregates = {4000};
  const google::protobuf::Descriptor& union_type = *events::v1::Event::descriptor();
  for (int i = 0; i < union_type.field_count(); ++i) {
    aggregates.push_back(union_type.field(i)->number());
  }
  for (const int number : aggregates) {
    events::v1::Event event;
    const std::string kind = {'\x82', '\xfa', '\x01', '\x01', 'x'};  // Field 4000: "x".
    auto* fields = event.GetReflection()->MutableUnknownFields(&event);
    fields->AddLengthDelimited(number, kind);
    const auto* field = union_type.FindFieldByNumber(number);
    const std::string type = field == nullptr ? "novelty" : std::string(field->name());
    Log(event, {type, type + "_x"}, 1'700'000'000'000'000);
  }
  AwaitHead();  // Nothing failed.
  Stop();
  EXPECT_EQ(RowsOfAFoldInOneGo(), Dump());
}

// Reads go on, and the resource says so.
TEST_F(AllViewsTest, WhatANewerReleaseWroteIsToldByTheResource) {
  LogExamples();
  LogDeals(2, 5);
  Start(AllViews());
  const auto deals = [this] {
    const auto page = Ask([](const TenantViews& views) { return ListDeals(views, {}); });
    DEALOG_CHECK_OK(page);
    return page->items;
  };
  const std::vector<v1::Deal> before = deals();
  ASSERT_EQ(before.size(), 2u);
  EXPECT_FALSE(before[0].newer_data() || before[1].newer_data());
  const auto newer = [](auto& message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(4000, 1);
  };
  events::v1::Event of_deal;
  newer(*of_deal.mutable_deal());
  Log(of_deal, {"deal", before[0].deal_id()}, 1'700'000'000'000'000);
  events::v1::Event of_contact;
  newer(*of_contact.mutable_contact());
  Log(of_contact, {"contact", "contact_x"}, 1'700'000'000'000'000);
  for (const bool restarted : {false, true}) {
    const std::vector<v1::Deal> after = deals();
    ASSERT_EQ(after.size(), 2u);
    EXPECT_TRUE(after[0].newer_data());
    EXPECT_FALSE(after[1].newer_data()) << "another deal";
    EXPECT_EQ(after[0].stage_id(), before[0].stage_id());
    EXPECT_EQ(std::stoi(after[0].etag()), std::stoi(before[0].etag()) + 1);
    const auto deal = Ask([&](const TenantViews& views) {
      return GetDeal(views, before[0].deal_id(), {}, views.recorded_at_us());
    });
    ASSERT_TRUE(deal.ok()) << deal.status();
    EXPECT_TRUE(deal->newer_data());
    const auto contact =
        Ask([](const TenantViews& views) { return GetContact(views, "contact_x"); });
    ASSERT_TRUE(contact.ok()) << contact.status();
    EXPECT_TRUE(contact->newer_data());
    if (restarted) break;
    Stop();
    Start(AllViews());
  }
}

}  // namespace
}  // namespace dealog::projections
