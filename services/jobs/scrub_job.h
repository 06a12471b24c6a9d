#pragma once

// The scrub: everything that is stored of the log is read and checked, slowly in the background or
// at once when somebody asks, so that a disk that rots is noticed before the last good backup of
// what it has lost is gone.
//
//   auto scrub = jobs::StartScrubJob(verifier, {.path = data_dir + "/work/scrub"});
//   scrub->Ask(0);                          // Now, as fast as it goes.
//   const ScrubStatus status = scrub->status();

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/log_verify.h"

namespace dealog::jobs {

// In the background: bytes a second, pause from one check's end to the next one's beginning, and
// how soon after a start the first may begin.
inline constexpr uint64_t kScrubBytesPerSecond = 8 << 20;
inline constexpr absl::Duration kScrubInterval = absl::Hours(24);
inline constexpr absl::Duration kScrubStartDelay = absl::Minutes(1);
// Rows kept in memory at once (some 40 bytes each): it is not in a hurry.
inline constexpr size_t kScrubRowsInMemory = size_t{1} << 20;

// A check that has ended.
struct ScrubResult {
  int64_t ended_at_us = 0;
  eventstore::LogVerifyReport report;  // Of one of an earlier process: counts of problems only.
};

struct ScrubStatus {
  bool running = false;
  bool asked = false;                       // Of the one that runs: by somebody.
  eventstore::LogVerifyReport so_far;       // Counts alone, of the one that runs.
  std::shared_ptr<const ScrubResult> last;  // Null before the first.
  uint64_t ended = 0;        // Checks that ended since the start, failed ones included.
  uint64_t bytes_total = 0;  // Read since the start.
  absl::Status last_error;   // Why the last one could not be finished.
};

struct ScrubJobOptions {
  std::string path;  // A file that remembers when the last check ended; empty = none.
  uint64_t bytes_per_second = kScrubBytesPerSecond;  // 0: only when it is asked for.
  absl::Duration interval = kScrubInterval;
  absl::Duration start_delay = kScrubStartDelay;
  size_t rows_in_memory_max = kScrubRowsInMemory;
  const base::Clock* clock = nullptr;  // Null: the system's.
  // Told of every check that ended, on the job's thread. May be empty.
  std::function<void(const ScrubResult&)> on_result;
  // Told of a check that could not be finished. May be empty.
  std::function<void(const absl::Status&)> on_error;
};

// One check runs at a time. Thread safety: yes. Ownership: the verifier outlives it.
class ScrubJob {
 public:
  // Stops: see Stop.
  virtual ~ScrubJob() = default;
  // Ends the check under way; it counts as none. Idempotent.
  virtual void Stop() = 0;
  // A check begins now, at most so many bytes a second (0 = as fast as it goes), in place of one in
  // the background; one that was asked for goes on as it is. Returns the `ended` that the check
  // will have made of it once it has ended.
  virtual uint64_t Ask(uint64_t bytes_per_second) = 0;
  virtual ScrubStatus status() const = 0;
  // `changed` is called (must be quick, must not call back) when the status changed, some times a
  // second; not any more once Forget has returned.
  virtual uint64_t Watch(std::function<void()> changed) = 0;
  virtual void Forget(uint64_t watch) = 0;
};

std::unique_ptr<ScrubJob> StartScrubJob(eventstore::LogVerifier& verifier, ScrubJobOptions options);

}  // namespace dealog::jobs
