#include "services/commands/admission.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/commands/limits.h"

namespace dealog::commands {
namespace {

absl::Status QueueFull(size_t queued, size_t limit) {
  return base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                     absl::StrCat("the command queue holds ", queued, " of at most ", limit,
                                  " bytes; nothing was executed, try again later"))
      .RetryAfter(kOverloadedRetry);
}

absl::Status WaitTooLong(size_t ahead, absl::Duration wait, absl::Duration limit) {
  return base::Error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                     absl::StrCat("the command would wait about ", absl::ToInt64Milliseconds(wait),
                                  " ms behind ", ahead, " others, expected at most ",
                                  absl::ToInt64Milliseconds(limit),
                                  " ms; nothing was executed, try again later"))
      .RetryAfter(kOverloadedRetry);
}

}  // namespace

absl::Status Admission::Enter(size_t bytes) {
  if (strained_.load(std::memory_order_relaxed)) {
    if (absl::Status strain = CheckStrain(); !strain.ok()) {
      Turned(Shed::kStrain);
      return strain;
    }
  }
  const size_t bytes_ahead = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const size_t ahead = commands_.fetch_add(1, std::memory_order_relaxed);
  if (bytes_ahead > 0 && bytes_ahead + bytes > limits_.queue_bytes_max) {
    Leave(1, bytes);
    Turned(Shed::kBytes);
    return QueueFull(bytes_ahead, limits_.queue_bytes_max);
  }
  if (ahead < 2 * limits_.batch_commands_max) return absl::OkStatus();
  const absl::Duration wait = ExpectedWait(ahead);
  if (wait <= limits_.queue_wait_max) return absl::OkStatus();
  Leave(1, bytes);
  Turned(Shed::kWait);
  return WaitTooLong(ahead, wait, limits_.queue_wait_max);
}

bool Admission::Crowded() const {
  const size_t ahead = waiting_commands();
  return strained_.load(std::memory_order_relaxed) || waiting_bytes() >= limits_.queue_bytes_max ||
         (ahead >= 2 * limits_.batch_commands_max && ExpectedWait(ahead) > limits_.queue_wait_max);
}

void Admission::Leave(size_t commands, size_t bytes) {
  commands_.fetch_sub(commands, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void Admission::Ended() {
  if (const int64_t began = began_us_.exchange(0, std::memory_order_relaxed); began != 0) {
    const int64_t took = std::max<int64_t>(0, steady_() - began);
    const int64_t before = batch_us_.load(std::memory_order_relaxed);
    batch_us_.store(before == 0 ? took : before + (took - before) / kBatchTimeSmoothing,
                    std::memory_order_relaxed);
  }
  // Whoever comes next asks again, so that a strain ends without a batch.
  strained_.store(!log_.Strain().ok(), std::memory_order_relaxed);
}

absl::Status Admission::CheckStrain() {
  absl::Status strain = log_.Strain();
  if (strain.ok()) strained_.store(false, std::memory_order_relaxed);
  return strain;
}

// The batches ahead, and its own, take as long as batches did lately; or as long as the one at hand
// takes already, should the disk have stopped.
absl::Duration Admission::ExpectedWait(size_t ahead) const {
  int64_t each = batch_us_.load(std::memory_order_relaxed);
  if (const int64_t began = began_us_.load(std::memory_order_relaxed); began != 0) {
    each = std::max(each, steady_() - began);
  }
  const auto batches = static_cast<int64_t>(ahead / limits_.batch_commands_max + 1);
  return absl::Microseconds(each) * batches;
}

}  // namespace dealog::commands
