// Method: command lines and addresses as people write them, right and wrong.

#include "services/server/options.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "services/server/version.h"

namespace dealog::server {
namespace {

CommandLine Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "dealogd");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ParseCommandLine, TakesEveryOption) {
  const CommandLine line = Parse({"--data-dir",
                                  "/tmp/d",
                                  "--listen",
                                  "127.0.0.1:0",
                                  "--partitions",
                                  "4",
                                  "--views",
                                  "off",
                                  "--witness",
                                  "every-batch",
                                  "--witness-dir",
                                  "/mnt/w",
                                  "--admin-listen",
                                  "127.0.0.1:9100",
                                  "--queue-wait-ms",
                                  "250",
                                  "--request-days",
                                  "30",
                                  "--scrub-mib-per-second",
                                  "0",
                                  "--scrub-hours",
                                  "6",
                                  "--log-level",
                                  "debug",
                                  "--log-format",
                                  "json",
                                  "--drain-seconds",
                                  "2.5"});
  ASSERT_FALSE(line.exit_code.has_value()) << line.text;
  EXPECT_EQ(line.options.data_dir, "/tmp/d");
  EXPECT_EQ(line.options.listen, "127.0.0.1:0");
  EXPECT_EQ(line.options.admin_listen, "127.0.0.1:9100");
  EXPECT_EQ(line.options.queue_wait_max, absl::Milliseconds(250));
  EXPECT_EQ(line.options.partitions, 4u);
  EXPECT_FALSE(line.options.views);
  EXPECT_TRUE(line.options.witness_every_batch);
  EXPECT_EQ(line.options.witness_dir, "/mnt/w");
  EXPECT_EQ(line.options.request_retention, absl::Hours(30 * 24));
  EXPECT_EQ(line.options.scrub_bytes_per_second, 0u);
  EXPECT_EQ(line.options.scrub_interval, absl::Hours(6));
  EXPECT_EQ(line.options.log_level, telemetry::Level::kDebug);
  EXPECT_EQ(line.options.log_format, telemetry::Format::kJson);
  EXPECT_EQ(line.options.drain_timeout, absl::Milliseconds(2500));
}

TEST(ParseCommandLine, WrongOnesEndWithUsageAndAReason) {
  for (const auto& [arguments, reason] :
       std::vector<std::pair<std::vector<const char*>, const char*>>{
           {{}, "--data-dir"},
           {{"--data-dir", "d", "--partitions", "0"}, "--partitions"},
           {{"--data-dir", "d", "--queue-wait-ms", "0"}, "--queue-wait-ms"},
           {{"--data-dir", "d", "--request-days", "6"}, "--request-days"},
           {{"--data-dir", "d", "--scrub-hours", "0"}, "--scrub-hours"},
           {{"--data-dir", "d", "--scrub-mib-per-second", "-1"}, "--scrub-mib-per-second"},
           {{"--data-dir", "d", "--log-level", "loud"}, "--log-level"},
           {{"--data-dir", "d", "--views", "maybe"}, "--views"},
           {{"--data-dir", "d", "--witness", "never"}, "--witness"},
           {{"--data-dir", "d", "--no-such-option"}, "--no-such-option"}}) {
    const CommandLine line = Parse(arguments);
    EXPECT_EQ(line.exit_code, 64);
    EXPECT_THAT(line.text, testing::HasSubstr(reason));
  }
}

TEST(ParseCommandLine, HelpAndVersionSucceed) {
  EXPECT_EQ(Parse({"--help"}).exit_code, 0);
  EXPECT_THAT(Parse({"--help"}).text, testing::HasSubstr("Example:"));
  EXPECT_EQ(Parse({"--version"}).exit_code, 0);
  EXPECT_THAT(Parse({"--version"}).text, testing::HasSubstr(kVersion));
}

TEST(Version, IsTheProjects) {
  std::ifstream file("CMakeLists.txt");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), testing::HasSubstr(std::string("project(dealog VERSION ") + kVersion));
}

TEST(ParseListen, TakesHostAndPort) {
  EXPECT_EQ(ParseListen("127.0.0.1:7171", "--listen")->host, "127.0.0.1");
  EXPECT_EQ(ParseListen("127.0.0.1:7171", "--listen")->port, 7171);
  EXPECT_EQ(ParseListen("[::1]:0", "--listen")->host, "[::1]");
  for (const char* bad : {"", "7171", ":7171", "localhost", "localhost:", "localhost:x",
                          "localhost:65536", "::1:7171", "localhost:-1"}) {
    const absl::Status refused = ParseListen(bad, "--admin-listen").status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(refused.message()), testing::StartsWith("--admin-listen: expected"));
  }
}

TEST(CheckListen, OnlyLoopbackWithoutCredentials) {
  for (const char* local : {"127.0.0.1:0", "[::1]:0", "localhost:0"}) {
    EXPECT_TRUE(CheckListen(*ParseListen(local, "--listen"), "--listen").ok()) << local;
  }
  for (const char* open : {"0.0.0.0:0", "[::]:0", "192.168.1.10:7171", "example.org:7171"}) {
    const absl::Status refused =
        CheckListen(*ParseListen(open, "--admin-listen"), "--admin-listen");
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << open;
    EXPECT_THAT(std::string(refused.message()), testing::StartsWith("--admin-listen: expected"));
    EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("no credentials"));
  }
}

}  // namespace
}  // namespace dealog::server
