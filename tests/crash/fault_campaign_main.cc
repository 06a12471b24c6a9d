// The campaigns of failing disks at any length: fault_campaign LIVES SEED. Prints what they did;
// exits 1 if something happened that must never happen.

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/crash/fault_campaigns.h"

namespace {

bool Print(const std::string& name, const dealog::eventstore::FaultReport& report) {
  for (const std::string& problem : report.problems) std::cout << "PROBLEM " << problem << "\n";
  std::cout << name << ": lives " << report.lives << ", commits acknowledged "
            << report.acknowledged << ", operations failed " << report.failures << ", lies "
            << report.lies << ", bits flipped " << report.flips << ", refused to go on "
            << report.refused << ", shorter than acknowledged " << report.told_by_head_only
            << ", refused by the witness " << report.told_by_witness << ", problems "
            << report.problems.size() << "\n";
  return report.problems.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fault_campaign LIVES SEED\n";
    return 2;
  }
  const int lives = std::atoi(argv[1]);
  const auto seed = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  bool ok = Print("EIO and ENOSPC", dealog::eventstore::FailAndCheck(lives, seed));
  ok &= Print("lying syncs", dealog::eventstore::LieAndCheck(lives, seed));
  ok &= Print("flipped bits", dealog::eventstore::FlipAndCheck(lives, seed));
  return ok ? 0 : 1;
}
