// Method: dealogd as a supervisor runs it: its one line, its signals, a second one beside it, a
// kill.

#include <signal.h>

#include <filesystem>
#include <fstream>

#include "dealog/v1/deals.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "tests/e2e/installation.h"

namespace dealog::e2e {
namespace {

using ServerProcess = Installation;

// Runs a second server to its end, which must be soon.
Outcome RunSecond(const std::string& folder, const std::string& listen) {
  return RunProgram({ProgramPath("dealogd"), "--data-dir", folder, "--listen", listen}, 20);
}

TEST_F(ServerProcess, SaysWhereItServesAndEndsOnSigterm) {
  EXPECT_EQ(address_.substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(StopServer(), 0);
}

TEST_F(ServerProcess, RefusesASecondOneOnTheSameFolder) {
  const Outcome second = RunSecond(folder_, "127.0.0.1:0");
  EXPECT_GT(second.exit_code, 0);
  EXPECT_LT(second.exit_code, 128) << "it had to be killed";
  EXPECT_NE(second.err.find("use"), std::string::npos) << second.err;
  EXPECT_EQ(second.out, "");
  EXPECT_EQ(Dealog({"tenant", "list"}).exit_code, 0);
}

TEST_F(ServerProcess, RefusesASecondOneOnTheSamePort) {
  const std::string other = folder_ + ".other";
  const Outcome second = RunSecond(other, address_);
  EXPECT_GT(second.exit_code, 0);
  EXPECT_LT(second.exit_code, 128) << "it had to be killed";
  EXPECT_NE(second.err.find(address_.substr(address_.find(':') + 1)), std::string::npos)
      << second.err;
  std::filesystem::remove_all(other);
}

TEST_F(ServerProcess, RefusesAFolderThatIsNone) {
  const std::string file = folder_ + ".file";
  std::ofstream(file) << "not a folder";
  const Outcome outcome = RunSecond(file, "127.0.0.1:0");
  EXPECT_GT(outcome.exit_code, 0);
  EXPECT_LT(outcome.exit_code, 128);
  EXPECT_NE(outcome.err, "");
  std::filesystem::remove(file);
}

TEST_F(ServerProcess, RefusesADamagedLogAndVerifySaysSo) {
  CreateTenant();
  ASSERT_EQ(Dealog({"pipeline", "create", "Sales", "--template", "sales-en"}).exit_code, 0);
  EXPECT_EQ(StopServer(), 0);
  // The newest files hold the end of the chain, which a start checks.
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/log")) {
    const std::string extension = entry.path().extension();
    if (extension != ".sst" && extension != ".log") continue;
    const auto size = static_cast<std::streamoff>(entry.file_size());
    if (size == 0) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(size / 2);
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(size / 2);
    file.put(byte);
  }
  const Outcome second = RunSecond(folder_, "127.0.0.1:0");
  EXPECT_GT(second.exit_code, 0);
  EXPECT_LT(second.exit_code, 128) << "it had to be killed";
  EXPECT_EQ(second.out, "");
  EXPECT_NE(second.err.find("dealog log verify"), std::string::npos) << second.err;
  const Outcome verified = Dealog({"log", "verify", folder_});
  EXPECT_GT(verified.exit_code, 0);
  EXPECT_NE(verified.err.find("CORRUPT_RECORD"), std::string::npos) << verified.err;
}

TEST_F(ServerProcess, KeepsWhatItAnsweredThroughKillAndRestart) {
  CreateTenant();
  ASSERT_EQ(Dealog({"pipeline", "create", "Sales", "--template", "sales-en"}).exit_code, 0);
  const auto opened =
      DealogJson<v1::DealMutationResponse>({"deal", "open", "First", "--pipeline", "Sales"});
  KillServer();
  ASSERT_TRUE(StartServer());
  const auto shown = DealogJson<v1::GetDealResponse>({"deal", "show", opened.deal().deal_id()});
  EXPECT_EQ(shown.deal().title(), "First");
  EXPECT_EQ(shown.deal().etag(), opened.deal().etag());
}

TEST_F(ServerProcess, LogVerifyWorksOnceItHasStopped) {
  CreateTenant();
  const Outcome busy = Dealog({"log", "verify", folder_});
  EXPECT_GT(busy.exit_code, 0) << "the server uses the folder";
  EXPECT_EQ(StopServer(), 0);
  const Outcome sound = Dealog({"log", "verify", folder_, "--output", "json"});
  EXPECT_EQ(sound.exit_code, 0) << sound.err;
  EXPECT_NE(sound.out.find("\"problemCount\": \"0\""), std::string::npos) << sound.out;
}

}  // namespace
}  // namespace dealog::e2e
