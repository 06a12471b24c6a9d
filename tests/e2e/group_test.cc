// Method: the command line against dealogd; the server is killed in the middle of a group's work.

#include <signal.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "absl/time/clock.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/groups.pb.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

class GroupE2e : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant();
    ASSERT_EQ(Dealog({"pipeline", "create", "Sales", "--template", "sales-en"}).exit_code, 0);
  }
  void OpenDeals(int count) const {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(Dealog({"deal", "open", "--pipeline", "Sales", "--title", "Deal"}).exit_code, 0);
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
  EXPECT_EQ(Group().parked(), 1);
  std::filesystem::remove(folder_ + ".consumer.log");
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

}  // namespace
}  // namespace dealog::e2e
