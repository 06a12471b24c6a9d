#pragma once

// Who may enter the sequencer's queue. It is bounded in bytes, so that memory is, and in time, so
// that what was let in is answered soon: under overload a long queue would only make everyone wait
// for answers that come too late. And nobody enters while the log is strained (EventLog::Strain).

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/event_log.h"

namespace dealog::commands {

// Why a command was turned away at the door.
enum class Shed { kBytes, kWait, kStrain, kStopping };
inline constexpr size_t kShedKinds = 4;

struct AdmissionLimits {
  size_t queue_bytes_max = 0;
  absl::Duration queue_wait_max;
  size_t batch_commands_max = 0;
};

// Counts what waits and what a batch takes. No locks on its own; refusals under overload touch
// nothing that the sequencer's thread waits for.
// Thread safety: Enter, Leave, Turned and the readings from any thread; Began and Ended from the
// sequencer's. Ownership: `log` must outlive it.
class Admission {
 public:
  // A clock that never goes back, µs.
  using Steady = int64_t (*)();

  Admission(const eventstore::EventLog& log, const AdmissionLimits& limits,
            Steady steady = base::MonotonicMicros)
      : log_(log), limits_(limits), steady_(steady) {}

  // Lets a command of so many bytes in, or says why not: RESOURCE_EXHAUSTED / OVERLOADED or
  // DISK_LOW, with RetryInfo. Whatever is alone in the queue is let in, and so is what fits in the
  // two next batches, however long those take: to refuse it would help nobody.
  absl::Status Enter(size_t bytes);
  // Whether a command that came now would be turned away; so that no work is done for it before.
  bool Crowded() const;
  // Commands that have entered were answered.
  void Leave(size_t commands, size_t bytes);
  // Counts a command that was turned away for another reason than Enter's.
  void Turned(Shed why) { shed_[static_cast<size_t>(why)].fetch_add(1, std::memory_order_relaxed); }

  // The first command of a batch is looked at; all of the batch are answered.
  void Began() { began_us_.store(steady_(), std::memory_order_relaxed); }
  void Ended();

  size_t waiting_commands() const { return commands_.load(std::memory_order_relaxed); }
  size_t waiting_bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t shed(Shed why) const {
    return shed_[static_cast<size_t>(why)].load(std::memory_order_relaxed);
  }
  // How long the next command would wait for its answer.
  absl::Duration expected_wait() const { return ExpectedWait(waiting_commands()); }

 private:
  absl::Status CheckStrain();
  // For a command behind so many others.
  absl::Duration ExpectedWait(size_t ahead) const;

  // Constant after construction.
  const eventstore::EventLog& log_;
  const AdmissionLimits limits_;
  const Steady steady_;

  std::atomic<size_t> commands_ = 0;  // Entered and not answered.
  std::atomic<size_t> bytes_ = 0;
  std::atomic<int64_t> batch_us_ = 0;  // What a batch took lately, smoothed.
  std::atomic<int64_t> began_us_ = 0;  // When the batch at hand began; 0 = there is none.
  std::atomic<bool> strained_ = false;
  std::array<std::atomic<uint64_t>, kShedKinds> shed_{};
};

}  // namespace dealog::commands
