// libFuzzer's side. The target is chosen by the environment: DEALOG_FUZZ_TARGET=commit fuzzer ...
// With DEALOG_FUZZ_SEEDS=FOLDER it writes the target's seeds there first; DEALOG_FUZZ_TARGET=list
// prints the names.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/fuzz/targets.h"

namespace {

const dealog::fuzz::Target* target = nullptr;

void WriteSeeds(const std::string& folder) {
  int number = 0;
  for (const std::string& seed : target->seeds()) {
    std::ofstream(folder + "/seed" + std::to_string(number++), std::ios::binary) << seed;
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  const char* const name = std::getenv("DEALOG_FUZZ_TARGET");
  if (name != nullptr) target = dealog::fuzz::FindTarget(name);
  if (target == nullptr) {
    for (const dealog::fuzz::Target& one : dealog::fuzz::Targets()) {
      std::printf("%s\n", std::string(one.name).c_str());
    }
    std::exit(name != nullptr && std::string(name) == "list" ? 0 : 2);
  }
  if (const char* const folder = std::getenv("DEALOG_FUZZ_SEEDS")) WriteSeeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
