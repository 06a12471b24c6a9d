#pragma once

// Carries instances to their end, side by side: the next commands of all share a write.

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "services/commands/submit.h"
#include "services/workflow/instance.h"

namespace dealog::workflow {

// Thread safety: RunToEnd by one thread at a time; Stop and the counters from any.
// Ownership: log and sequencers must outlive it.
class Advancer {
 public:
  Advancer(const eventstore::EventLog& log, commands::Sequencers& sequencers,
           std::function<void(const absl::Status&)> on_error)
      : log_(log), sequencers_(sequencers), on_error_(std::move(on_error)) {}

  // Returns when every instance has ended; CANCELLED if it was stopped first. While the sequencers
  // take no commands it waits and tries again. An instance that can't even record its failure is
  // reported and left: it holds up no other.
  absl::Status RunToEnd(std::vector<Instance> instances);
  void Stop();

  uint64_t instances_started() const { return instances_started_; }
  uint64_t steps_completed() const { return steps_completed_; }
  uint64_t steps_failed() const { return steps_failed_; }

 private:
  bool RunRound(std::vector<Instance>& instances);
  bool TakeResult(const absl::StatusOr<commands::CommandResult>& result, const Instance& before,
                  Instance& instance);
  void Park(Instance& instance, const absl::Status& failure);
  bool WaitOrStop(std::chrono::milliseconds delay);

  const eventstore::EventLog& log_;
  commands::Sequencers& sequencers_;
  const std::function<void(const absl::Status&)> on_error_;

  std::atomic<uint64_t> instances_started_ = 0;
  std::atomic<uint64_t> steps_completed_ = 0;
  std::atomic<uint64_t> steps_failed_ = 0;

  base::Mutex mu_;
  base::CondVar stop_changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dealog::workflow
