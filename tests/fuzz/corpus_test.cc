// Every fuzz target over its seeds, and over what is near them: cut anywhere, one bit flipped
// anywhere, a piece doubled. And over every input in corpus/ that once broke one.

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/targets.h"

namespace dealog::fuzz {
namespace {

class CorpusTest : public testing::TestWithParam<Target> {
 protected:
  CorpusTest() { google::protobuf::SetLogHandler(nullptr); }
};

TEST_P(CorpusTest, TakesWhatIsNearItsSeeds) {
  constexpr size_t kStepsMax = 400;
  const Target& target = GetParam();
  const std::vector<std::string> seeds = target.seeds();
  ASSERT_FALSE(seeds.empty());
  target.run("");
  for (const std::string& seed : seeds) {
    target.run(seed);
    const size_t stride = std::max<size_t>(1, seed.size() / kStepsMax);
    for (size_t at = 0; at < seed.size(); at += stride) {
      target.run(seed.substr(0, at));
      target.run(seed.substr(at));
      target.run(seed.substr(0, at) + seed.substr(at / 2));
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = seed;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        target.run(flipped);
      }
    }
  }
}

TEST_P(CorpusTest, TakesWhatOnceBrokeIt) {
  const std::filesystem::path folder = "tests/fuzz/corpus/" + std::string(GetParam().name);
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "nothing has";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    SCOPED_TRACE(entry.path().string());
    GetParam().run(bytes.str());
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, CorpusTest, testing::ValuesIn(Targets().begin(), Targets().end()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace dealog::fuzz
