#pragma once

// Files of a test.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "eventstore/base/ids.h"
#include "gtest/gtest.h"

namespace dealog::jobs::testing {

// A folder of its own, removed with everything in it.
class Folder {
 public:
  Folder() : path_(::testing::TempDir() + base::FormatId("jobs", base::MakeUuid7(0))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace dealog::jobs::testing
