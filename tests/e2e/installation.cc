#include "tests/e2e/installation.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>

namespace dealog::e2e {
namespace {

constexpr char kReady[] = "ready ";

}  // namespace

void Installation::SetUp() {
  // The environment of whoever runs the tests must not reach the command line.
  for (const char* name : {"DEALOG_SERVER", "DEALOG_TENANT", "DEALOG_ACTOR"}) unsetenv(name);
  folder_ = (std::filesystem::temp_directory_path() / "dealog_e2e_data_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  log_path_ = folder_ + ".stderr";
  ASSERT_TRUE(StartServer());
}

void Installation::TearDown() {
  server_.reset();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  std::filesystem::remove(log_path_, error);
}

bool Installation::StartServer() {
  server_ = std::make_unique<Process>(std::vector<std::string>{ProgramPath("dealogd"), "--data-dir",
                                                               folder_, "--listen", "127.0.0.1:0"},
                                      log_path_);
  const std::string line = server_->ReadLine(kReadySecondsMax);
  EXPECT_EQ(line.substr(0, sizeof(kReady) - 1), kReady) << "found '" << line << "'";
  if (line.size() < sizeof(kReady)) return false;
  address_ = line.substr(sizeof(kReady) - 1);
  return true;
}

int Installation::StopServer() {
  server_->Signal(SIGTERM);
  return server_->Wait(kStopSecondsMax);
}

void Installation::KillServer() {
  server_->Signal(SIGKILL);
  server_->Wait(kStopSecondsMax);
}

Outcome Installation::Dealog(std::vector<std::string> arguments, int seconds_max) const {
  std::vector<std::string> command = {
      ProgramPath("dealog"), "--server", address_, "--tenant", "acme", "--actor", "claire"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProgram(command, seconds_max);
}

void Installation::CreateTenant(const std::vector<std::string>& options) const {
  std::vector<std::string> command = {"tenant", "create", "acme"};
  command.insert(command.end(), options.begin(), options.end());
  const Outcome outcome = Dealog(command);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
}

std::string Installation::Must(const std::vector<std::string>& arguments) const {
  const Outcome outcome = Dealog(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << arguments[0] << " " << arguments[1] << ": " << outcome.err;
  return outcome.out;
}

void BackedUpInstallation::SetUp() {
  Installation::SetUp();
  safe_ = folder_ + ".safe";
  std::filesystem::create_directories(safe_ + "/backups");
  StopServer();
  setenv("DEALOG_BACKUP_DIR", (safe_ + "/backups").c_str(), 1);
  ASSERT_TRUE(StartServer());
}

void BackedUpInstallation::TearDown() {
  unsetenv("DEALOG_BACKUP_DIR");
  Installation::TearDown();
  std::filesystem::remove_all(safe_);
}

}  // namespace dealog::e2e
