#pragma once

// Every decoder of bytes that may come from outside or from a damaged disk, as a function of any
// bytes: it must return, and where it accepts them, what it made of them must be what they say.
// Run by libFuzzer (fuzzer.cc) and by a plain test over a fixed corpus (corpus_test.cc).

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dealog::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
  // Valid inputs to start from.
  std::vector<std::string> (*seeds)();
};

std::span<const Target> Targets();
// Null if there is none of that name.
const Target* FindTarget(std::string_view name);

// By file: targets_*.cc.
std::vector<Target> LogTargets();
std::vector<Target> MerkleTargets();
std::vector<Target> RequestTargets();
std::vector<Target> ImportTargets();
std::vector<Target> BackupTargets();
std::vector<Target> OtherTargets();

}  // namespace dealog::fuzz
