#pragma once

// Checks a whole log folder, offline; changes nothing. Used by `dealog log verify FOLDER`.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dealog::eventstore {

// What was checked, and what is wrong.
struct LogVerifyReport {
  uint64_t batches = 0;
  uint64_t commits = 0;
  uint64_t events = 0;
  uint64_t index_rows = 0;
  // One sentence per problem, naming the record; at most kProblemsListedMax.
  std::vector<std::string> problems;
  uint64_t problem_count = 0;
  bool ok() const { return problem_count == 0; }
};

inline constexpr size_t kProblemsListedMax = 1000;

// Called now and then with what was checked so far; may be empty.
using LogVerifyProgress = std::function<void(const LogVerifyReport& so_far)>;

// Checks the log in folder `path`:
//   every batch: format, number (dense from 1), digest, chain; its commits: present, CRC32C,
//   SHA-256, well-formed to the last event header; positions and revisions dense, recorded_at
//   rising; every row of every family equal to what Apply makes of the batches, none missing and
//   none beside. An error status only where the folder can't be opened: no log, another format,
//   in use by a process.
absl::StatusOr<LogVerifyReport> VerifyRocksDbLog(const std::string& path,
                                                 const LogVerifyProgress& progress);

}  // namespace dealog::eventstore
