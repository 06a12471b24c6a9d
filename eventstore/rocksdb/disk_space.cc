#include "eventstore/rocksdb/disk_space.h"

#include "eventstore/base/clock.h"
#include "eventstore/log_errors.h"
#include "eventstore/rocksdb/limits.h"

namespace dealog::eventstore {

absl::Status DiskSpace::Check() {
  const int64_t now = base::MonotonicMicros();
  if (free_bytes_min_ == 0 || now < next_check_us_.load(std::memory_order_relaxed)) {
    return absl::OkStatus();
  }
  // A file system that can't say is not a reason to stop; a full one then fails the write itself.
  const std::optional<uint64_t> found = free_bytes();
  if (found.has_value() && *found < free_bytes_min_) {
    return DiskLow(path_, *found, free_bytes_min_);
  }
  next_check_us_.store(now + kFreeBytesCheckMicros, std::memory_order_relaxed);
  return absl::OkStatus();
}

std::optional<uint64_t> DiskSpace::free_bytes() const {
  uint64_t bytes = 0;
  const rocksdb::IOStatus asked =
      database_.file_system().GetFreeSpace(path_, rocksdb::IOOptions(), &bytes, nullptr);
  if (!asked.ok()) return std::nullopt;
  return bytes;
}

}  // namespace dealog::eventstore
