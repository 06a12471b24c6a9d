#pragma once

// A folder for a log that is removed at the end of the test, and a way to damage the log in it.
// In memory where the system has such a place: these tests are not about the disk's speed.

#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <string>

#include "eventstore/base/check.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {

class LogFolder {
 public:
  LogFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const std::filesystem::path place =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    std::string name = (place / "dealog-log-XXXXXX").string();
    DEALOG_CHECK(mkdtemp(name.data()) != nullptr) << name;
    root_ = name;
  }
  ~LogFolder() { std::filesystem::remove_all(root_); }
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;

  std::string path() const { return root_ + "/log"; }

 private:
  std::string root_;
};

// Opens the closed log's database and lets `edit` change rows behind its back.
inline void EditLog(const std::string& path, const std::function<void(const LogDatabase&)>& edit) {
  const auto database = LogDatabase::Open({.path = path, .block_cache_bytes = 1 << 20});
  DEALOG_CHECK_OK(database);
  edit(**database);
}

}  // namespace dealog::eventstore
