// Method: the command line against dealogd; the server is killed in the middle of a group's work,
// or its log is restored to before it.

#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "absl/time/clock.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/groups.pb.h"
#include "eventstore/base/worker.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class GroupE2e : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant();
    ASSERT_EQ(Dealog({"pipeline", "create", "Sales", "--template", "sales-en"}).exit_code, 0);
  }
  void OpenDeals(int count) const {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(Dealog({"deal", "open", "Deal", "--pipeline", "Sales"}).exit_code, 0);
    }
  }
  // The positions that a `group consume` prints.
  std::multiset<int64_t> Consume(int limit) const {
    const Outcome outcome =
        Dealog({"group", "consume", "mailer", "--limit", std::to_string(limit)}, 30);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    std::multiset<int64_t> positions;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
      v1::Delivery delivery;
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &delivery).ok()) << line;
      EXPECT_EQ(delivery.event().header().type(), "DealOpened");
      positions.insert(delivery.position());
    }
    return positions;
  }
  v1::ConsumerGroup Group() const {
    return DealogJson<v1::GetGroupResponse>({"group", "show", "mailer"}).group();
  }
};

TEST_F(GroupE2e, AGroupGoesOnWhereItWasAfterTheServerIsKilled) {
  ASSERT_EQ(Dealog({"group", "create", "mailer", "--type", "DealOpened", "--after", "0"}).exit_code,
            0);
  OpenDeals(6);
  std::multiset<int64_t> handled = Consume(2);
  EXPECT_EQ(handled.size(), 2u);
  const int64_t checkpoint = Group().checkpoint();
  EXPECT_GE(checkpoint, *handled.rbegin());
  KillServer();
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Group().checkpoint(), checkpoint);  // A kill loses no ack.
  handled.merge(Consume(4));
  EXPECT_EQ(handled.size(), 6u);
  EXPECT_EQ(std::set<int64_t>(handled.begin(), handled.end()).size(), 6u) << "handled twice";
  EXPECT_EQ(Group().in_flight(), 0);
  EXPECT_EQ(Group().seconds_since_progress(), 0);
}

TEST_F(GroupE2e, AKillInTheMiddleOfADeliveryCountsIt) {
  ASSERT_EQ(Dealog({"group", "create", "mailer", "--type", "DealOpened", "--after", "0",
                    "--max-deliveries", "1"})
                .exit_code,
            0);
  const auto await = [&](const auto& holds) {
    for (int i = 0; i < 200; ++i) {
      if (holds(Group())) return true;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return false;
  };
  {
    const Process consumer({ProgramPath("dealog"), "--server", address_, "--tenant", "acme",
                            "group", "consume", "mailer"},
                           folder_ + ".consumer.log");
    ASSERT_TRUE(await([](const auto& group) { return group.consumers_size() == 1; }));
    consumer.Signal(SIGSTOP);  // It hangs: it neither handles nor refuses what it is sent.
    OpenDeals(1);
    ASSERT_TRUE(await([](const auto& group) { return group.in_flight() == 1; }));
    KillServer();
  }
  ASSERT_TRUE(StartServer());
  // The one delivery was used up, so the next consumer is not given the event.
  const Outcome outcome = Dealog({"--timeout", "2", "group", "consume", "mailer", "--limit", "1"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
  const v1::ConsumerGroup halted = Group();
  EXPECT_EQ(halted.parked(), 1);
  std::filesystem::remove(folder_ + ".consumer.log");

  const auto parked = DealogJson<v1::ListParkedResponse>({"group", "parked", "mailer"});
  ASSERT_EQ(parked.parked_size(), 1);
  EXPECT_EQ(parked.parked(0).deliveries(), 1);
  const std::string position = std::to_string(parked.parked(0).position());
  const Outcome replay = Dealog({"group", "replay", "mailer", "--position", position});
  EXPECT_THAT(replay.out, HasSubstr("1 event will be delivered again"));
  EXPECT_THAT(Consume(1), ElementsAre(parked.parked(0).position()));
  EXPECT_EQ(Group().parked(), 0);
  EXPECT_EQ(Group().checkpoint(), halted.checkpoint());
}

TEST_F(GroupE2e, ConsumersShareAGroupBeforeAndAfterTheServerIsKilled) {
  ASSERT_EQ(Dealog({"group", "create", "mailer", "--type", "DealOpened", "--after", "0"}).exit_code,
            0);
  OpenDeals(8);
  std::multiset<int64_t> handled;
  const auto share = [&] {
    std::multiset<int64_t> others;
    {
      const base::Worker other("other", [&] { others = Consume(2); });
      handled.merge(Consume(2));
    }
    handled.merge(others);
  };
  share();
  KillServer();
  ASSERT_TRUE(StartServer());
  share();
  EXPECT_EQ(handled.size(), 8u);
  EXPECT_EQ(std::set<int64_t>(handled.begin(), handled.end()).size(), 8u) << "handled twice";
  EXPECT_EQ(Group().seconds_since_progress(), 0);
}

TEST_F(GroupE2e, TheCommandsShowWhatThereIs) {
  EXPECT_GT(Dealog({"group", "show", "mailer"}).exit_code, 10);
  ASSERT_EQ(Dealog({"group", "create", "mailer", "--type", "DealOpened"}).exit_code, 0);
  OpenDeals(1);
  const Outcome list = Dealog({"group", "list"});
  EXPECT_NE(list.out.find("mailer"), std::string::npos) << list.out;
  EXPECT_EQ(Dealog({"group", "update", "mailer", "--max-deliveries", "7"}).exit_code, 0);
  EXPECT_EQ(Group().settings().max_deliveries(), 7);
  EXPECT_EQ(Dealog({"group", "reset", "mailer"}).exit_code, 0);
  EXPECT_EQ(Group().lag_events(), 0);
  EXPECT_EQ(Dealog({"group", "parked", "mailer"}).exit_code, 0);
  const Outcome replay = Dealog({"group", "replay", "mailer", "--all"});
  EXPECT_EQ(replay.exit_code, 0);
  EXPECT_NE(replay.out.find("0 events"), std::string::npos) << replay.out;
  EXPECT_EQ(Dealog({"group", "delete", "mailer"}).exit_code, 0);
  EXPECT_GT(Dealog({"group", "consume", "mailer"}).exit_code, 10);
}

class ForkedGroupE2e : public GroupE2e {
 protected:
  void SetUp() override {
    Installation::SetUp();
    StopServer();
    safe_ = folder_ + ".safe";
    std::filesystem::create_directories(safe_ + "/backups");
    setenv("DEALOG_BACKUP_DIR", (safe_ + "/backups").c_str(), 1);
    ASSERT_TRUE(StartServer());
    CreateTenant();
    ASSERT_EQ(Dealog({"pipeline", "create", "Sales", "--template", "sales-en"}).exit_code, 0);
  }
  void TearDown() override {
    unsetenv("DEALOG_BACKUP_DIR");
    Installation::TearDown();
    std::filesystem::remove_all(safe_);
  }
  // The log as it was at the backup; the groups as they are now.
  void RestoreTheLogButNotTheGroups(int deals_before_the_groups_are_back) {
    KillServer();
    std::filesystem::copy(folder_, safe_ + "/data", std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(folder_);
    const Outcome restored = Dealog(
        {"backup", "restore", safe_ + "/backups/nightly", folder_, "--keys", safe_ + "/data/keys"});
    ASSERT_EQ(restored.exit_code, 0) << restored.err;
    ASSERT_TRUE(StartServer());
    OpenDeals(deals_before_the_groups_are_back);
    StopServer();
    std::filesystem::remove_all(folder_ + "/work/groups");
    std::filesystem::copy(safe_ + "/data/work/groups", folder_ + "/work/groups",
                          std::filesystem::copy_options::recursive);
    ASSERT_TRUE(StartServer());
  }

  std::string safe_;  // What survives the folder.
};

TEST_F(ForkedGroupE2e, AGroupBeyondWhatWasRestoredWaitsForAReset) {
  for (const char* name : {"mailer", "early"}) {
    ASSERT_EQ(Dealog({"group", "create", name, "--type", "DealOpened"}).exit_code, 0);
  }
  const int64_t begin = Group().checkpoint();
  OpenDeals(1);
  ASSERT_EQ(Dealog({"backup", "create", "nightly"}).exit_code, 0);
  OpenDeals(2);
  EXPECT_EQ(Consume(3).size(), 3u);
  // The log passes the checkpoint again, with other events.
  ASSERT_NO_FATAL_FAILURE(RestoreTheLogButNotTheGroups(/*deals_before_the_groups_are_back=*/4));
  EXPECT_EQ(Group().halted_reason(), "POSITION_FORKED");
  const Outcome refused = Dealog({"group", "consume", "mailer", "--limit", "1"}, 30);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.err, HasSubstr("POSITION_FORKED"));
  const Outcome early = Dealog({"group", "consume", "early", "--limit", "5"}, 30);
  EXPECT_EQ(early.exit_code, 0) << early.err;  // Behind the fork nothing has changed for it.
  ASSERT_EQ(Dealog({"group", "reset", "mailer", "--after", std::to_string(begin)}).exit_code, 0);
  EXPECT_EQ(Consume(5).size(), 5u);
  EXPECT_EQ(Group().halted_reason(), "");
}

}  // namespace
}  // namespace dealog::e2e
