// A killed log loses nothing that it acknowledged; and the test would notice if it did.
// Method: harness.h, on a file system that loses unsynced bytes at the kill.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "eventstore/base/check.h"
#include "tests/crash/harness.h"

namespace dealog::eventstore {
namespace {

class CrashTest : public testing::Test {
 protected:
  CrashTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dealog-crash-XXXXXX").string();
    DEALOG_CHECK(mkdtemp(name.data()) != nullptr) << name;
    options_.folder = name;
  }
  ~CrashTest() override { std::filesystem::remove_all(options_.folder); }

  CrashOptions options_{.writer = DEALOG_CRASH_WRITER};
};

TEST_F(CrashTest, LosesNoAcknowledgedCommitInFiftyKills) {
  const CrashReport report = KillAndCheck(options_);
  for (const std::string& loss : report.losses) ADD_FAILURE() << loss;
  EXPECT_EQ(report.kills, 50);
  EXPECT_GT(report.commits_acknowledged, 100u) << "the writer hardly wrote";
  EXPECT_GE(report.kills_at_points.size(), 4u) << "hardly any named point was reached";
  EXPECT_LT(report.kills_before_the_first_answer, 45) << "the kills come too early to prove much";
}

TEST_F(CrashTest, NoticesALogThatDoesNotSync) {
  options_.sync = false;
  const CrashReport report = KillAndCheck(options_);
  EXPECT_FALSE(report.losses.empty())
      << report.kills << " kills of a log that never syncs, and nothing was missed";
}

}  // namespace
}  // namespace dealog::eventstore
