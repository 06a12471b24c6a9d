// The crash test at any length: crash_campaign FOLDER KILLS SEED. Prints what it did; exits 1 if
// anything was lost.

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/crash/harness.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: crash_campaign FOLDER KILLS SEED\n";
    return 2;
  }
  dealog::eventstore::CrashOptions options{.writer = DEALOG_CRASH_WRITER, .folder = argv[1]};
  options.kills = std::atoi(argv[2]);
  options.seed = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const auto report = dealog::eventstore::KillAndCheck(options);
  for (const std::string& loss : report.losses) std::cout << "LOST " << loss << "\n";
  for (const auto& [point, kills] : report.kills_at_points) {
    std::cout << "killed " << point << ": " << kills << "\n";
  }
  std::cout << "kills: " << report.kills
            << ", before the first answer: " << report.kills_before_the_first_answer
            << ", commits acknowledged: " << report.commits_acknowledged
            << ", checks of an acknowledged commit: " << report.commits_checked
            << ", losses: " << report.losses.size() << " (seed " << options.seed << ")\n";
  return report.losses.empty() ? 0 : 1;
}
