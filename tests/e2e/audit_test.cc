// Method: an auditor with the command line and the files that he kept, against a server whose
// database is forged behind its back, so that every checksum and digest in it is right.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "dealog/v1/log.pb.h"
#include "tests/e2e/installation.h"
#include "tests/eventstore/merkle/rocksdb/forge.h"
#include "tests/eventstore/rocksdb/log_folder.h"

namespace dealog::e2e {
namespace {

using testing::HasSubstr;

constexpr int kExitLogDamaged = 4;
constexpr int kExitAuditFailed = 5;

class Audit : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant();
    Must({"pipeline", "create", "Sales", "--template", "sales-en"});
    for (const char* title : {"First", "Second", "Third"}) OpenDeal(title);
    Must({"audit", "key", "--out", File("key")});
    Must({"audit", "checkpoint", "--key", File("key"), "--out", File("kept")});
    OpenDeal("After the checkpoint");
  }
  void TearDown() override {
    Installation::TearDown();
    std::filesystem::remove_all(folder_ + ".auditor");
  }

  // A file of the auditor's.
  std::string File(const std::string& name) const {
    std::filesystem::create_directories(folder_ + ".auditor");
    return folder_ + ".auditor/" + name;
  }
  void OpenDeal(const std::string& title) const {
    Must({"deal", "open", title, "--pipeline", "Sales"});
  }
  Outcome Verify(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"audit",     "verify",       "--key",
                                          File("key"), "--checkpoint", File("kept")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Dealog(arguments);
  }
  // Changes a letter of a deal's title in the oldest commit that has it.
  void ForgeTitle(const std::string& title, decltype(&eventstore::ForgeCommitBytes) forge =
                                                eventstore::ForgeCommitBytes) const {
    bool changed = false;
    eventstore::EditLog(folder_ + "/log", [&](const eventstore::LogDatabase& database) {
      for (size_t n = 0; n < 5 && !changed; ++n) {
        forge(database, "acme", n, [&](std::string& bytes) {
          const size_t at = bytes.find(title);
          if (at == bytes.npos) return;
          bytes[at] ^= 1;
          changed = true;
        });
      }
    });
    ASSERT_TRUE(changed);
  }

  // As somebody does who may write to the folder and knows what would tell.
  void RemoveWitness() const { std::filesystem::remove_all(folder_ + "/witness"); }
};

TEST_F(Audit, FindsNothingWhereNothingWasChanged) {
  Must({"audit", "prove", "4", "--out", File("4.tlog-proof")});
  Must({"audit", "prove", "--since", File("kept"), "--out", File("continues")});
  Must({"audit", "export", File("events")});
  Must({"audit", "export", "--tiles", File("tiles")});
  EXPECT_TRUE(std::filesystem::exists(File("tiles/checkpoint")));
  const Outcome server = Verify({"--out", File("newer")});
  EXPECT_EQ(server.exit_code, 0) << server.err;
  EXPECT_THAT(server.out, HasSubstr("as it was signed"));
  EXPECT_EQ(Verify({"--quick", "--checkpoint", File("newer")}).exit_code, 0);
  // From files alone.
  for (const std::vector<std::string>& offline :
       {std::vector<std::string>{"--proof", File("4.tlog-proof"), "--proof", File("continues")},
        {"--events", File("events")},
        {"--events", File("events"), "--checkpoint", File("newer")}}) {
    const std::string server = std::exchange(address_, kNobody);
    const Outcome outcome = Verify(offline);
    address_ = server;
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  EXPECT_EQ(StopServer(), 0);
  const Outcome folder = Verify({"--folder", folder_, "--checkpoint", File("newer")});
  EXPECT_EQ(folder.exit_code, 0) << folder.err;
}

TEST_F(Audit, FindsAChangedByte) {
  EXPECT_EQ(StopServer(), 0);
  ForgeTitle("Second");
  EXPECT_EQ(Dealog({"log", "verify", folder_}).exit_code, kExitLogDamaged)
      << "the log itself can't tell, but the witness and the trees beside it";
  RemoveWitness();
  const Outcome folder = Verify({"--folder", folder_});
  EXPECT_EQ(folder.exit_code, kExitAuditFailed) << folder.out;
  EXPECT_THAT(folder.err, HasSubstr("AUDIT_FAILED"));
  ASSERT_TRUE(StartServer());
  // The server kept its trees and what it signed: it does not sign the forged history.
  EXPECT_GT(Verify({}).exit_code, 0);
  EXPECT_GT(Dealog({"audit", "checkpoint"}).exit_code, 0);
  Must({"audit", "export", File("events")});
  EXPECT_EQ(Verify({"--events", File("events")}).exit_code, kExitAuditFailed);
}

// The batches were left as they were, so the server goes on with its trees, signs them, and hands
// out an event that is not in them.
TEST_F(Audit, NamesTheEventThatWasChangedUnderTheServersTrees) {
  const auto opened = DealogJson<v1::ReadLogResponse>({"log", "read", "--type", "DealOpened"});
  const int64_t second = opened.events(1).header().position();
  EXPECT_EQ(StopServer(), 0);
  ForgeTitle("Second", eventstore::ChangeCommitBytes);
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Verify({"--quick"}).exit_code, 0) << "what is signed is right, but not the events";
  const Outcome outcome = Verify({});
  EXPECT_EQ(outcome.exit_code, kExitAuditFailed) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("not as it was signed is that of position " +
                                     std::to_string(second) + "\n"));
  EXPECT_EQ(Verify({"--output", "json"}).exit_code, kExitAuditFailed);
}

TEST_F(Audit, FindsAHistoryThatTheServerSignedAnew) {
  EXPECT_EQ(StopServer(), 0);
  ForgeTitle("First");
  RemoveWitness();
  std::filesystem::remove_all(folder_ + "/audit");
  std::filesystem::remove_all(folder_ + "/views");
  EXPECT_EQ(Dealog({"log", "verify", folder_}).exit_code, 0) << "nothing in the folder can tell";
  ASSERT_TRUE(StartServer());
  Must({"audit", "checkpoint", "--key", File("key"), "--out", File("forged")});
  const Outcome quick = Verify({"--quick"});
  EXPECT_EQ(quick.exit_code, kExitAuditFailed) << quick.out;
  EXPECT_THAT(quick.err, HasSubstr("does not begin with the tree of size"));
  EXPECT_EQ(Verify({}).exit_code, kExitAuditFailed);
  EXPECT_EQ(Verify({"--checkpoint", File("forged")}).exit_code, kExitAuditFailed);
  Must({"audit", "prove", "--since", File("kept"), "--out", File("continues")});
  EXPECT_EQ(Verify({"--proof", File("continues")}).exit_code, kExitAuditFailed);
}

TEST_F(Audit, FindsALogThatWasCutShort) {
  EXPECT_EQ(StopServer(), 0);
  RemoveWitness();
  std::filesystem::remove_all(folder_ + "/log");
  std::filesystem::remove_all(folder_ + "/audit");
  std::filesystem::remove_all(folder_ + "/views");
  ASSERT_TRUE(StartServer());
  CreateTenant();
  const Outcome outcome = Verify({});
  EXPECT_EQ(outcome.exit_code, kExitAuditFailed);
  EXPECT_THAT(outcome.err, HasSubstr("the newest events are gone"));
}

TEST_F(Audit, TakesNoOtherKeysSignature) {
  EXPECT_EQ(StopServer(), 0);
  std::filesystem::remove(folder_ + "/keys/audit.key");
  EXPECT_FALSE(std::filesystem::is_empty(folder_ + "/audit"));
  std::filesystem::remove_all(folder_ + "/audit");
  ASSERT_TRUE(StartServer());
  const Outcome outcome = Verify({});
  EXPECT_EQ(outcome.exit_code, kExitAuditFailed);
  EXPECT_EQ(Dealog({"audit", "checkpoint", "--key", File("key")}).exit_code, kExitAuditFailed);
}

TEST_F(Audit, SaysWhichFileIsWrong) {
  std::ofstream(File("torn")) << "dealog/x\n1\n";
  const Outcome torn = Verify({"--checkpoint", File("torn")});
  EXPECT_EQ(torn.exit_code, 13) << torn.err;
  EXPECT_THAT(torn.err, HasSubstr("torn"));
  EXPECT_EQ(Verify({"--checkpoint", File("missing")}).exit_code, 1);
  EXPECT_EQ(Verify({"--events", File("kept")}).exit_code, 1);
  EXPECT_EQ(Verify({"--proof", File("kept")}).exit_code, 13);
  EXPECT_EQ(Verify({"--events", File("kept"), "--quick"}).exit_code, 13);
  EXPECT_EQ(Dealog({"audit", "prove"}).exit_code, 13);
}

}  // namespace
}  // namespace dealog::e2e
