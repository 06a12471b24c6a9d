// Whole servers, killed under load, lose nothing that they answered. Method: server_harness.h.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "eventstore/base/check.h"
#include "tests/crash/server_harness.h"

namespace dealog::crash {
namespace {

class ServerCrashTest : public testing::Test {
 protected:
  ServerCrashTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dealog-crash-XXXXXX").string();
    DEALOG_CHECK(mkdtemp(name.data()) != nullptr) << name;
    options_.folder = name;
  }
  // What failed is left for whoever looks.
  ~ServerCrashTest() override {
    if (!HasFailure()) std::filesystem::remove_all(options_.folder);
  }

  ServerCrashOptions options_{.server = DEALOG_CRASH_SERVER, .kills = 6, .kills_per_folder = 3};
};

TEST_F(ServerCrashTest, LosesNothingInSixKills) {
  const ServerCrashReport report = KillServersAndCheck(options_);
  for (const std::string& loss : report.losses) ADD_FAILURE() << loss;
  EXPECT_EQ(report.kills, 6);
  EXPECT_EQ(report.folders, 2);
  EXPECT_GT(report.answered, 100u) << "the clients hardly worked";
  EXPECT_GT(report.instances, 10u) << "hardly any workflow ran";
  EXPECT_GT(report.repeated, 100u);
}

TEST_F(ServerCrashTest, NoticesAServerThatDoesNotSync) {
  options_.sync = false;
  const ServerCrashReport report = KillServersAndCheck(options_);
  EXPECT_FALSE(report.losses.empty())
      << report.kills << " kills of a server that never syncs, and nothing was missed";
}

}  // namespace
}  // namespace dealog::crash
