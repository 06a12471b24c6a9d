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
  uint64_t free_bytes = 0;
  const rocksdb::IOStatus asked =
      database_.file_system().GetFreeSpace(path_, rocksdb::IOOptions(), &free_bytes, nullptr);
  // A file system that can't say is not a reason to stop; a full one then fails the write itself.
  if (asked.ok() && free_bytes < free_bytes_min_) {
    return DiskLow(path_, free_bytes, free_bytes_min_);
  }
  next_check_us_.store(now + kFreeBytesCheckMicros, std::memory_order_relaxed);
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
