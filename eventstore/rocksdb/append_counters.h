#pragma once

// What a log has appended since it was opened. Internal to this folder.

#include <atomic>
#include <cstdint>

#include "eventstore/base/histogram.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// A few relaxed additions per batch. Thread safety: yes.
struct AppendCounters {
  std::atomic<uint64_t> batches = 0;
  std::atomic<uint64_t> commits = 0;
  std::atomic<uint64_t> events = 0;
  std::atomic<uint64_t> bytes = 0;
  base::Histogram batch_commits{base::kCountBounds};
  base::Histogram sync_us{base::kLatencyBoundsMicros};

  void Count(const StoredBatch& batch) {
    uint64_t batch_events = 0;
    uint64_t batch_bytes = 0;
    for (const CommitPtr& commit : batch.commits) {
      batch_events += commit->event_count();
      batch_bytes += commit->bytes().size();
    }
    batches.fetch_add(1, std::memory_order_relaxed);
    commits.fetch_add(batch.commits.size(), std::memory_order_relaxed);
    events.fetch_add(batch_events, std::memory_order_relaxed);
    bytes.fetch_add(batch_bytes, std::memory_order_relaxed);
    batch_commits.Observe(static_cast<int64_t>(batch.commits.size()));
  }

  LogStats Read() const {
    return {.batches = batches.load(std::memory_order_relaxed),
            .commits = commits.load(std::memory_order_relaxed),
            .events = events.load(std::memory_order_relaxed),
            .bytes = bytes.load(std::memory_order_relaxed),
            .batch_commits = batch_commits.Read(),
            .sync_us = sync_us.Read()};
  }
};

}  // namespace dealog::eventstore
