#pragma once

// What a server's admin listener answers to GET /metrics.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace dealog::server {

inline std::string Scrape(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(connect(socket_fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0) << address;
  constexpr std::string_view kRequest =
      "GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(write(socket_fd, kRequest.data(), kRequest.size()), ssize_t{kRequest.size()});
  std::string answer;
  std::array<char, 65536> block;
  for (ssize_t got; (got = read(socket_fd, block.data(), block.size())) > 0;) {
    answer.append(block.data(), static_cast<size_t>(got));
  }
  close(socket_fd);
  return answer;
}

// A sample without labels; -1 if there is none.
inline double MetricOf(const std::string& scraped, const std::string& name) {
  const size_t at = scraped.find("\n" + name + " ");
  if (at == std::string::npos) return -1;
  return std::stod(scraped.substr(at + name.size() + 2));
}

}  // namespace dealog::server
