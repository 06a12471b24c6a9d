#pragma once

// A server of one test on a data folder of its own, and the command line against it.

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/process.h"

namespace dealog::e2e {

inline constexpr int kReadySecondsMax = 20;
inline constexpr int kStopSecondsMax = 20;
// Nobody listens there: what works with it needs no server.
inline constexpr char kNobody[] = "127.0.0.1:1";

class Installation : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Starts dealogd on a free port and waits for its line; false if it does not come.
  bool StartServer();
  // SIGTERM; the server's exit code.
  int StopServer();
  void KillServer();

  // Runs `dealog` against the server as tenant "acme".
  Outcome Dealog(std::vector<std::string> arguments, int seconds_max = 60) const;
  // The same with `--output json`, read as a message; fails the test unless it exits 0 and its
  // whole standard output is that message.
  template <typename Message>
  Message DealogJson(std::vector<std::string> arguments, int seconds_max = 60) const {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Outcome outcome = Dealog(arguments, seconds_max);
    EXPECT_EQ(outcome.exit_code, 0) << arguments[0] << ": " << outcome.err;
    Message message;
    const auto status = google::protobuf::util::JsonStringToMessage(outcome.out, &message);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << outcome.out;
    return message;
  }
  // What a call prints that must exit 0.
  std::string Must(const std::vector<std::string>& arguments) const;
  void CreateTenant(const std::vector<std::string>& options = {}) const;

  // HOST:PORT.
  std::string address_;
  // The server's data folder, and what it wrote to stderr.
  std::string folder_;
  std::string log_path_;
  std::unique_ptr<Process> server_;
};

// A server that writes its backups into a folder that survives its own: `safe_`/backups.
class BackedUpInstallation : public Installation {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string safe_;
};

}  // namespace dealog::e2e
