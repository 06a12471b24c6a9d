// Method: a random history of everything that views fold, followed live with many flushes; then
// every way of starting anew must leave every row of AllViews() as it was, byte for byte.

#include <algorithm>
#include <fstream>
#include <set>

#include "absl/strings/escaping.h"
#include "projections/states/event_types.h"
#include "projections/views/queries.h"
#include "projections/views/registry.h"
#include "tests/projections/runtime/runner_fixture.h"
#include "tests/support/random_deals.h"

namespace dealog::projections {
namespace {

constexpr char kTenant[] = "acme";

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
  void LogDeals(int deals, uint64_t seed) {
    dealog::testing::RandomDeals random({.deals = deals, .seed = seed, .catalogue_changes = 0.1});
    random.Generate([this](const dealog::testing::LoggedEvent& logged) {
      const storage::v1::EventHeader& header = logged.header;
      Log(logged.event, {header.stream().type(), header.stream().id()}, header.occurred_at_us());
    });
  }
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
    const auto read = Read(kTenant);
    ASSERT_TRUE(read.ok()) << read.status();
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
