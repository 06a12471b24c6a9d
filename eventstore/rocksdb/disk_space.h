#pragma once

// Whether the disk has room for writes. Internal to this folder.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "eventstore/rocksdb/database.h"

namespace dealog::eventstore {

// Asks the file system at most every kFreeBytesCheckMicros while there is room, and at every check
// while there is none, so that writes go on as soon as space was freed. Thread safety: yes.
class DiskSpace {
 public:
  DiskSpace(const LogDatabase& database, std::string path, uint64_t free_bytes_min)
      : database_(database), path_(std::move(path)), free_bytes_min_(free_bytes_min) {}

  // RESOURCE_EXHAUSTED / DISK_LOW if there is too little.
  absl::Status Check();
  // Asks the file system; nullopt where it can't say.
  std::optional<uint64_t> free_bytes() const;

 private:
  const LogDatabase& database_;
  const std::string path_;
  const uint64_t free_bytes_min_;
  std::atomic<int64_t> next_check_us_ = 0;
};

}  // namespace dealog::eventstore
