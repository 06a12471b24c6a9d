// The server's crash test at any length: server_crash_campaign FOLDER KILLS SEED. Prints what it
// did; exits 1 if anything was lost.

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/crash/server_harness.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: server_crash_campaign FOLDER KILLS SEED\n";
    return 2;
  }
  dealog::crash::ServerCrashOptions options{.server = DEALOG_CRASH_SERVER, .folder = argv[1]};
  options.kills = std::atoi(argv[2]);
  options.seed = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const auto report = dealog::crash::KillServersAndCheck(options);
  for (const std::string& loss : report.losses) std::cout << "LOST " << loss << "\n";
  for (const auto& [point, kills] : report.kills_at_points) {
    std::cout << "killed " << point << ": " << kills << "\n";
  }
  std::cout << "servers killed: " << report.kills << ", commands answered: " << report.answered
            << ", cut off and repeated: " << report.unanswered
            << ", answered and repeated: " << report.repeated
            << ", comparisons of an event: " << report.events
            << ", workflow instances, once each: " << report.instances
            << ", folders verified and folded anew: " << report.folders
            << ", losses: " << report.losses.size() << " (seed " << options.seed << ")\n";
  return report.losses.empty() ? 0 : 1;
}
