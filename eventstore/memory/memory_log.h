#pragma once

// The executable specification of the log: everything in memory, every read a plain loop.
//
//   auto log = MakeMemoryLog({});                      // Forgets everything when destroyed.
//   auto disk = std::make_shared<MemoryDisk>(1);       // Or: survives, and is opened again.
//   auto again = MakeMemoryLog({.disk = disk});

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// What a memory log leaves behind: the batches as bytes, and switches that fail its writes.
// Thread safety: yes.
class MemoryDisk {
 public:
  struct Batch {
    std::string header;                // storage.v1.BatchHeader.
    std::vector<std::string> commits;  // Commit bytes.
  };
  explicit MemoryDisk(uint32_t partition_count = 1) : partitions_(partition_count) {}

  // From now on every write fails (and whether it happened is not known), or does not.
  void SetFailing(bool failing);
  // From now on the disk is nearly full, or is not.
  void SetLow(bool low);

  uint32_t partition_count() const { return static_cast<uint32_t>(partitions_.size()); }
  bool low() const;
  bool Write(PartitionId partition, Batch batch);
  std::vector<Batch> Batches(PartitionId partition) const;

 private:
  mutable base::Mutex mu_;
  bool failing_ ABSL_GUARDED_BY(mu_) = false;
  bool low_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::vector<Batch>> partitions_;  // The contents are guarded by mu_.
};

struct MemoryLogOptions {
  // Of a new disk; a given disk knows its own.
  uint32_t partition_count = 1;
  // Null: a new disk that nobody else holds.
  std::shared_ptr<MemoryDisk> disk;
  // Stamps batches; null: the system's clock.
  const base::Clock* clock = nullptr;
};

std::unique_ptr<EventLog> MakeMemoryLog(MemoryLogOptions options);

}  // namespace dealog::eventstore
