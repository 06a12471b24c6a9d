#pragma once

// What a check of a whole log found, and how it is asked for; by the log's owner while it serves,
// or of a folder that nobody has open (eventstore/rocksdb/verify.h).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/types.h"

namespace dealog::eventstore {

class StoredCommit;

// Problems that are told in words; more are counted.
inline constexpr size_t kProblemsListedMax = 1000;

// What was checked, and what is wrong.
struct LogVerifyReport {
  uint64_t batches = 0;
  uint64_t commits = 0;
  uint64_t events = 0;
  uint64_t index_rows = 0;
  uint64_t followers = 0;  // Points of LogVerifyOptions::followers.
  // Read so far: commits as often as they were read, rows of the indexes.
  uint64_t bytes = 0;
  // Steps done, and how many there are as far as is known: batches, then rows, then batches of
  // further rounds. The total may grow.
  uint64_t steps = 0;
  uint64_t steps_total = 0;
  // One sentence per problem, naming the record; at most kProblemsListedMax.
  std::vector<std::string> problems;
  uint64_t problem_count = 0;
  bool ok() const { return problem_count == 0; }
  void Add(std::string problem) {
    ++problem_count;
    if (problems.size() < kProblemsListedMax) problems.push_back(std::move(problem));
  }
};

// How far something that is made out of a partition has got, as it says itself.
struct FollowerPoint {
  std::string who;  // "the view deals"
  PartitionId partition;
  BatchNumber number;  // 0: it has not begun.
  std::string digest;  // Of that batch.
  std::string what_to_do;
};

struct LogVerifyOptions {
  // Called now and then with what was checked so far; an error ends the check with it. May be
  // empty.
  std::function<absl::Status(const LogVerifyReport& so_far)> progress;
  // Must each name a batch of the log. Read before the check begins: they go on meanwhile.
  std::vector<FollowerPoint> followers;
  // Given every readable commit, per tenant in order; may be empty.
  std::function<void(const StoredCommit&)> on_commit;
  // At most so many bytes are read in a second, on average; 0 = as fast as it goes.
  uint64_t bytes_per_second = 0;
  // Rows of requests, unique keys and tenants that are kept in memory at once, at most about 40
  // bytes each. A log with more is gone through once more for each further so many.
  size_t rows_in_memory_max = size_t{4} << 20;
  // What counts as expired is judged at this time, µs; 0 = the system's clock.
  int64_t now_us = 0;
};

// Thread safety: yes; the log goes on being read and written.
class LogVerifier {
 public:
  virtual ~LogVerifier() = default;
  // Checks the log as it is now:
  //   every table file: the checksum of every block, read from the disk;
  //   every batch: format, number (dense from 1), digest, chain; its commits: present, CRC32C,
  //   SHA-256, well-formed to the last event header; positions and revisions dense, recorded_at
  //   rising; every row of every family equal to what Apply makes of the batches, none missing
  //   (but requests that have expired) and none beside; every follower at one of its batches.
  // What is wrong with the log is in the report; an error is the progress function's, or means that
  // the log can't be read at all.
  virtual absl::StatusOr<LogVerifyReport> Verify(const LogVerifyOptions& options) = 0;
};

}  // namespace dealog::eventstore
