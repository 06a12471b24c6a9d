#pragma once

// Whether writes come faster than RocksDB can digest them. RocksDB then slows writes down, and at
// last stops them, inside the call that writes: a stopped sequencer answers nobody. So writes are
// refused a little earlier, where that costs nothing. Internal to this folder.

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/disk_space.h"

namespace dealog::eventstore {

// Looks at most every kStrainCheckMicros, on the thread of whoever asks; else it tells what it saw
// last. Thread safety: yes.
class StrainWatch {
 public:
  StrainWatch(const LogDatabase& database, DiskSpace& disk_space);

  // RESOURCE_EXHAUSTED / OVERLOADED or DISK_LOW; see EventLog::Strain.
  absl::Status Check();
  // Whether the last look found any; without looking.
  bool strained() const { return strained_.load(std::memory_order_relaxed); }

 private:
  // From where on writes are held back.
  struct Limits {
    uint64_t level0_files = 0;
    uint64_t pending_bytes = 0;  // 0 = no limit.
    uint64_t memtables = 0;
    uint64_t memtable_bytes = 0;
  };
  absl::Status Look() const;
  absl::Status LookAt(Family family) const;

  // Constant after construction.
  const LogDatabase& database_;
  std::vector<Limits> limits_;  // By Family.

  DiskSpace& disk_space_;
  std::atomic<int64_t> next_look_us_ = 0;
  std::atomic<bool> strained_ = false;
  base::Mutex mu_;
  absl::Status seen_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::eventstore
