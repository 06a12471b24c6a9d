#include "tests/fuzz/targets.h"

#include <algorithm>
#include <iterator>

namespace dealog::fuzz {
namespace {

std::vector<Target> All() {
  std::vector<Target> all;
  const auto add = [&all](std::vector<Target> some) {
    std::move(some.begin(), some.end(), std::back_inserter(all));
  };
  add(LogTargets());
  add(MerkleTargets());
  add(RequestTargets());
  add(ImportTargets());
  add(BackupTargets());
  add(OtherTargets());
  return all;
}

}  // namespace

std::span<const Target> Targets() {
  static const std::vector<Target>& all = *new std::vector<Target>(All());
  return all;
}

const Target* FindTarget(std::string_view name) {
  const auto all = Targets();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Target& target) { return target.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace dealog::fuzz
