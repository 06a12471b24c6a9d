#pragma once

// Every limit of the jobs, by name. Past one: LIMIT_EXCEEDED that names it, or a rejected row.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dealog::jobs {

// All files of one import together, bytes.
inline constexpr size_t kUploadBytesMax = size_t{1} << 30;
// The mapping's text, bytes.
inline constexpr size_t kMappingBytesMax = 256 << 10;
// One row of a CSV file, its line ends included, bytes. With kRowsPerCommit it keeps a commit
// under the log's kCommitBytesMax.
inline constexpr size_t kRowBytesMax = 32 << 10;
// Lines of one row: a field in quotes may hold line ends.
inline constexpr size_t kRowLinesMax = 64;
inline constexpr size_t kColumnsMax = 256;
// Rows of one import (16 bytes of memory each, to find duplicate keys).
inline constexpr int64_t kRowsMax = 10'000'000;
// Key of a row, bytes.
inline constexpr size_t kKeyBytesMax = 256;

// Rows decided and written in one commit: larger would make other commands wait.
inline constexpr size_t kRowsPerCommit = 64;
// Commits of one import on their way through the sequencer.
inline constexpr size_t kCommitsInFlightMax = 4;
// Imports that run at once.
inline constexpr size_t kRunningImportsMax = 4;
// Times that one input may be imported.
inline constexpr int kRunsMax = 1000;
// Times that rows are tried again when the server is overloaded, and the pause before the first,
// which doubles.
inline constexpr int kAttemptsMax = 12;
inline constexpr int64_t kRetryDelayMicros = 20'000;
// Pause before rows are tried again while the disk is nearly full. Attempts are not counted: space
// comes back by itself or by a person, and the job shows what it waits for.
inline constexpr int64_t kDiskLowDelayMicros = 500'000;
// States and commits that a dry run holds; beyond, it forgets and reads them again.
inline constexpr size_t kDryRunStatesMax = 20'000;
inline constexpr size_t kDryRunCommitsMax = 64;
// Message of a rejected row, bytes.
inline constexpr size_t kRejectionBytesMax = 512;

// Deals moved in one commit when a stage is retired.
inline constexpr size_t kDealsPerRetirementCommit = 100;
// Tenants whose stages are looked through at once, at a start.
inline constexpr size_t kRetirementScansMax = 4;
// While events come one after another, how long retirements let them gather before they look again.
inline constexpr std::chrono::milliseconds kRetirementPace{5};

}  // namespace dealog::jobs
