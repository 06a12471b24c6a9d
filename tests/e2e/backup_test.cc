// Method: the two programs: backups while a sample is being written, the server killed and its
// folder destroyed in the middle of that, restored and served again; board, KPIs, events and the
// signed checkpoint that an auditor kept must be what they were.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/base/worker.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

using testing::HasSubstr;

constexpr int kEventsBefore = 1000;

class BackupDrill : public BackedUpInstallation {
 protected:
  void SetUp() override {
    BackedUpInstallation::SetUp();
    CreateTenant({"--currency", "EUR"});
    std::filesystem::copy(folder_ + "/keys", safe_ + "/keys");
  }

  // What must not change: everything that people look at, as it was known at a position, and the
  // events up to there.
  std::vector<std::string> Seen(const std::string& position) const {
    std::vector<std::string> seen;
    for (std::vector<std::string> read : std::vector<std::vector<std::string>>{
             {"board", "--pipeline", "Ventes"},
             {"kpi", "conversion", "--pipeline", "Ventes", "--to", "2026-01-01"},
             {"kpi", "cycle", "--pipeline", "Ventes", "--to", "2026-01-01"},
             {"kpi", "win-rate", "--pipeline", "Ventes", "--to", "2026-01-01"}}) {
      read.insert(read.end(), {"--as-of", "2026-01-01", "--known-at", "@" + position});
      seen.push_back(Must(read));
    }
    seen.push_back(Must({"log", "read", "--limit", position, "--output", "json"}));
    return seen;
  }
  std::string Head() const {
    return std::to_string(DealogJson<v1::GetHeadResponse>({"log", "head"}).position());
  }
  // Until the load is on its way.
  bool WaitForDeals() const {
    for (int i = 0; i < 200; ++i) {
      if (std::stoll(Head()) > kEventsBefore) return true;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return false;
  }
  // The second line of a checkpoint.
  static std::string SizeOf(const std::string& path) {
    std::ifstream file(path);
    std::string size;
    std::getline(file, size);
    std::getline(file, size);
    return size;
  }
  std::string Archive() const { return safe_ + "/backups/nightly"; }
};

TEST_F(BackupDrill, TheFolderIsLostUnderLoadAndWhatWasBackedUpIsThereAgain) {
  Must({"audit", "key", "--out", safe_ + "/key"});
  // It is cut off by the server's end, so its outcome says nothing.
  base::Worker load("sample", [this] {
    Dealog({"sample", "--deals", "100000", "--seed", "5", "--until", "2025-12-31"}, 250);
  });
  ASSERT_TRUE(WaitForDeals());
  for (int i = 0; i < 3; ++i) Must({"backup", "create", "nightly"});
  // What an auditor keeps was acknowledged before, so the next backup has it.
  Must({"audit", "checkpoint", "--key", safe_ + "/key", "--out", safe_ + "/kept"});
  const std::string size = SizeOf(safe_ + "/kept");
  Must({"backup", "create", "nightly"});
  const std::vector<std::string> seen = Seen(size);
  EXPECT_THAT(Must({"backup", "list"}), HasSubstr("nightly"));
  EXPECT_GT(std::stoll(Head()), std::stoll(size)) << "the load had ended";

  KillServer();
  std::filesystem::remove_all(folder_);
  load.Join();

  Must({"backup", "verify", Archive(), "--key", safe_ + "/key", "--server", kNobody});
  const std::string report = Must({"backup", "restore", Archive(), folder_, "--keys",
                                   safe_ + "/keys", "--key", safe_ + "/key", "--server", kNobody});
  EXPECT_THAT(report, HasSubstr("checkpoints matched: 4"));
  Must({"log", "verify", folder_});
  Must({"audit", "verify", "--key", safe_ + "/key", "--checkpoint", safe_ + "/kept", "--folder",
        folder_, "--server", kNobody});
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Seen(size), seen);
  Must({"audit", "verify", "--key", safe_ + "/key", "--checkpoint", safe_ + "/kept"});
  // It goes on, and so do its backups.
  Must({"pipeline", "create", "After", "--template", "sales-en"});
  EXPECT_THAT(Must({"backup", "create", "nightly"}), HasSubstr("on 4"));
  Must({"backup", "verify", Archive(), "--key", safe_ + "/key", "--server", kNobody});
}

TEST_F(BackupDrill, ARestoreRefusesWhatItCanNotDo) {
  Must({"pipeline", "create", "Sales", "--template", "sales-en"});
  Must({"backup", "create", "nightly"});
  struct Case {
    std::vector<std::string> options;
    int exit_code;
    std::string says;
  };
  for (const Case& odd : std::vector<Case>{
           {{"--to-batch", "999999"}, 13, "expected at most"},
           {{"--to-batch", "one"}, 13, "PARTITION:N"},
           {{"--to-time", "yesterday"}, 13, "RFC 3339"},
           {{"--to-time", "2011-01-01T00:00:00Z"}, 13, "nothing had been written by then"},
           {{"--to-time", "2999-01-01T00:00:00Z"}, 13, "expected a time up to"},
           {{"--to-position", "0"}, 13, "--to-position"},
           {{"--to-position", "999999"}, 13, "where tenant acme ends"},
           {{"--backup", "7"}, 15, "has no backup 7"},
           {{"--keys", safe_}, 19, "unique.key is missing"}}) {
    std::vector<std::string> command = {"backup",         "restore",  Archive(),
                                        folder_ + ".new", "--server", kNobody};
    command.insert(command.end(), odd.options.begin(), odd.options.end());
    const Outcome refused = Dealog(command);
    EXPECT_EQ(refused.exit_code, odd.exit_code) << odd.options[0] << ": " << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(odd.says));
    EXPECT_FALSE(std::filesystem::exists(folder_ + ".new/log")) << odd.options[0];
  }
  const Outcome occupied = Dealog({"backup", "restore", Archive(), folder_, "--server", kNobody});
  EXPECT_THAT(occupied.err, HasSubstr("TARGET_NOT_EMPTY"));
  // None of them left anything in the way.
  Must({"backup", "restore", Archive(), folder_ + ".new", "--server", kNobody});
  std::filesystem::remove_all(folder_ + ".new");
}

TEST_F(BackupDrill, ATenantMovesToAnotherServerAsAFile) {
  Must({"sample", "--deals", "100", "--seed", "7", "--until", "2025-12-31"});
  const std::string head = Head();
  const std::vector<std::string> seen = Seen(head);
  const std::string file = safe_ + "/acme.export";
  Must({"log", "export", file});
  const Outcome again = Dealog({"log", "export", file});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, HasSubstr("complete already"));
  const Outcome served = Dealog({"log", "import", file, folder_});
  EXPECT_THAT(served.err, HasSubstr("in use by another process"));

  KillServer();
  std::filesystem::remove_all(folder_);
  const std::vector<std::string> import = {"log",    "import",        file,       folder_,
                                           "--keys", safe_ + "/keys", "--server", kNobody};
  EXPECT_THAT(Must(import), HasSubstr("matched"));
  EXPECT_THAT(Must(import), HasSubstr("commits added:  0"));  // Again: nothing.
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Seen(head), seen);
}

TEST_F(BackupDrill, TheServerWritesBelowItsFolderOnly) {
  for (const char* name : {"../elsewhere", "/tmp/elsewhere", "", "-x", "UPPER"}) {
    const Outcome outcome = Dealog({"backup", "create", "--", name});
    EXPECT_NE(outcome.exit_code, 0) << name;
    EXPECT_THAT(outcome.err, HasSubstr("[a-z0-9_-]")) << name;
  }
  StopServer();
  unsetenv("DEALOG_BACKUP_DIR");
  ASSERT_TRUE(StartServer());
  EXPECT_THAT(Dealog({"backup", "create", "nightly"}).err, HasSubstr("--backup-dir"));
}

}  // namespace
}  // namespace dealog::e2e
