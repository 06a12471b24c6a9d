// Method: scans the sources for the reasons that errors are made with; each must be a value of
// dealog.v1.ErrorReason, because that list is what clients are told.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "dealog/v1/errors.pb.h"

namespace dealog::rpc {
namespace {

// Reason → a file that uses it.
std::map<std::string, std::string> ReasonsInSources() {
  // base::Error(absl::StatusCode::kNotFound, "DEAL_NOT_FOUND", …), over any line breaks.
  const std::regex pattern("StatusCode::k[A-Za-z]+,\\s*\"([A-Za-z_]+)\"");
  std::map<std::string, std::string> reasons;
  for (const char* root : {"eventstore", "projections", "services"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
      // The command line's own errors never cross the wire: docs/cli.md lists them.
      if (entry.path().string().rfind("services/cli/", 0) == 0) continue;
      std::ifstream file(entry.path());
      std::stringstream text;
      text << file.rdbuf();
      const std::string source = text.str();
      for (std::sregex_iterator match(source.begin(), source.end(), pattern), end; match != end;
           ++match) {
        reasons.emplace((*match)[1], entry.path().string());
      }
    }
  }
  return reasons;
}

TEST(ErrorReasons, EveryReasonInTheSourcesIsPublished) {
  const auto reasons = ReasonsInSources();
  EXPECT_GT(reasons.size(), 10u) << "the scan finds nothing: run the test from the project's root";
  for (const auto& [reason, file] : reasons) {
    v1::ErrorReason value;
    EXPECT_TRUE(v1::ErrorReason_Parse(reason, &value))
        << file << " uses " << reason << ", which proto/dealog/v1/errors.proto lacks";
  }
}

}  // namespace
}  // namespace dealog::rpc
