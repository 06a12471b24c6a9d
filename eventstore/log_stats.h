#pragma once

// What a log counts about itself, for metrics. Counters begin when the log is opened and only rise;
// the rest is how things are now.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/histogram.h"

namespace dealog::eventstore {

// One family of rows of the storage engine.
struct EngineFamilyStats {
  std::string name;
  std::vector<uint64_t> level_files;  // By level, 0 = the newest.
  std::vector<uint64_t> level_bytes;
  uint64_t memtable_bytes = 0;
  uint64_t memtables_to_flush = 0;  // Full ones that are not on disk yet.
  uint64_t compaction_pending_bytes = 0;
};

// The storage engine below a log that has one.
struct EngineStats {
  std::vector<EngineFamilyStats> families;
  uint64_t block_cache_hits = 0;
  uint64_t block_cache_misses = 0;
  uint64_t block_cache_bytes = 0;
  // Bytes that the log handed over, and those that were written to disk for them: the sum of the
  // latter three by the first is the write amplification.
  uint64_t bytes_put = 0;
  uint64_t wal_bytes_written = 0;
  uint64_t flush_bytes_written = 0;
  uint64_t compaction_bytes_written = 0;
  uint64_t compaction_bytes_read = 0;
  uint64_t stall_us = 0;  // How long writes were held up.
  bool writes_stopped = false;
  uint64_t delayed_bytes_per_second = 0;  // To which writes are slowed; 0 = not at all.
  uint64_t flushes_running = 0;
  uint64_t compactions_running = 0;
};

struct LogStats {
  uint64_t batches = 0;
  uint64_t commits = 0;
  uint64_t events = 0;
  uint64_t bytes = 0;  // Of encoded commits.
  base::HistogramReading batch_commits;
  base::HistogramReading sync_us;  // Of a batch's write, which returns once it is durable.
  // Looks of followers at what was no longer in memory, so that it was read from disk.
  uint64_t ring_misses = 0;
  uint64_t ring_bytes = 0;
  bool failed = false;    // An earlier write failed: nothing is written until it is opened again.
  bool strained = false;  // See EventLog::Strain.
  std::optional<uint64_t> disk_free_bytes;
  uint64_t disk_free_bytes_min = 0;  // Below it nothing is written.
  std::optional<EngineStats> engine;
};

}  // namespace dealog::eventstore
