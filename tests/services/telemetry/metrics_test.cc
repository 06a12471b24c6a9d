// Method: families as text, compared whole; the endpoint through a socket, as a scraper comes.

#include "services/telemetry/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "services/telemetry/endpoint.h"
#include "services/telemetry/process_metrics.h"

namespace dealog::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(MetricFamilies, JoinsSamplesOfOneName) {
  MetricFamilies families;
  families.Counter("dealog_a_total", "Of a.", 1, {{"by", "x"}});
  families.Gauge("dealog_b_bytes", "Of b.", 2.5);
  families.Counter("dealog_a_total", "ignored", 3, {{"by", "y\"\n"}});
  EXPECT_EQ(families.Text(),
            "# HELP dealog_a_total Of a.\n"
            "# TYPE dealog_a_total counter\n"
            "dealog_a_total{by=\"x\"} 1\n"
            "dealog_a_total{by=\"y\\\"\\n\"} 3\n"
            "# HELP dealog_b_bytes Of b.\n"
            "# TYPE dealog_b_bytes gauge\n"
            "dealog_b_bytes 2.5\n");
}

TEST(MetricFamilies, HistogramsCountUpAndEndAtInfinity) {
  constexpr std::array<int64_t, 2> kBounds = {500'000, 1'000'000};
  base::Histogram histogram(kBounds);
  for (const int64_t value : {250'000, 750'000, 750'000, 2'000'000}) histogram.Observe(value);
  MetricFamilies families;
  families.Histogram("dealog_c_seconds", "Of c.", histogram.Read(), 1e6);
  EXPECT_EQ(families.Text(),
            "# HELP dealog_c_seconds Of c.\n"
            "# TYPE dealog_c_seconds histogram\n"
            "dealog_c_seconds_count 4\n"
            "dealog_c_seconds_sum 3.75\n"
            "dealog_c_seconds_bucket{le=\"0.5\"} 1\n"
            "dealog_c_seconds_bucket{le=\"1\"} 3\n"
            "dealog_c_seconds_bucket{le=\"+Inf\"} 4\n");
}

TEST(CollectProcess, TellsOfThisProcess) {
  MetricFamilies families;
  CollectProcess(families);
  const std::string text = families.Text();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_virtual_memory_bytes", "process_threads",
                           "process_start_time_seconds", "process_open_fds", "process_max_fds"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(name) + " ")) << text;
  }
  EXPECT_THAT(text, Not(HasSubstr("process_resident_memory_bytes 0\n")));
}

// What a GET answers, headers and all; empty if nobody listens.
std::string Get(const std::string& address, const std::string& path) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  std::string answer;
  if (connect(socket_fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(write(socket_fd, request.data(), request.size()), ssize_t(request.size()));
    std::array<char, 4096> block;
    for (ssize_t got; (got = read(socket_fd, block.data(), block.size())) > 0;) {
      answer.append(block.data(), static_cast<size_t>(got));
    }
  }
  close(socket_fd);
  return answer;
}

TEST(ServeMetrics, AnswersEachScrapeAnew) {
  int scrapes = 0;
  auto endpoint = ServeMetrics("127.0.0.1", 0, [&](MetricFamilies& families) {
    families.Counter("dealog_scrapes_total", "So far.", ++scrapes);
  });
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string address = (*endpoint)->address();
  EXPECT_THAT(address, MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
  EXPECT_THAT(Get(address, "/metrics"), HasSubstr("dealog_scrapes_total 1\n"));
  EXPECT_THAT(Get(address, "/metrics"), HasSubstr("dealog_scrapes_total 2\n"));
  EXPECT_THAT(Get(address, "/other"), HasSubstr("404"));
  endpoint->reset();
  EXPECT_EQ(Get(address, "/metrics"), "");
}

TEST(ServeMetrics, RefusesAPortThatIsServed) {
  const auto collect = [](MetricFamilies&) {};
  const auto first = ServeMetrics("127.0.0.1", 0, collect);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string& address = (*first)->address();
  const auto port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  const auto second = ServeMetrics("127.0.0.1", port, collect);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("expected a free port"));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("--admin-listen"));
}

}  // namespace
}  // namespace dealog::telemetry
