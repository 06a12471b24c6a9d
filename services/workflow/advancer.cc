#include "services/workflow/advancer.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/one_shot.h"
#include "services/workflow/limits.h"

namespace dealog::workflow {

using commands::CommandResult;

absl::Status Advancer::RunToEnd(std::vector<Instance> instances) {
  for (Instance& instance : instances) {
    if (const absl::Status read = ReadProgress(log_, instance); !read.ok()) Park(instance, read);
  }
  std::chrono::milliseconds delay = kRetryDelayMin;
  while (true) {
    std::erase_if(instances, [](const Instance& instance) { return instance.ended; });
    if (WaitOrStop(std::chrono::milliseconds(0))) return absl::CancelledError("stopped");
    if (instances.empty()) return absl::OkStatus();
    if (RunRound(instances)) {
      delay = kRetryDelayMin;
      continue;
    }
    if (WaitOrStop(delay)) return absl::CancelledError("stopped");
    delay = std::min(2 * delay, kRetryDelayMax);
  }
}

// Advances every instance by one command. False if some could not be tried now.
bool Advancer::RunRound(std::vector<Instance>& instances) {
  const std::vector<Instance> before = instances;
  std::vector<base::OneShot<absl::StatusOr<CommandResult>>> results(instances.size());
  for (size_t i = 0; i < instances.size(); ++i) {
    sequencers_.Submit(std::make_unique<commands::LambdaCommand>(
        NextContext(before[i]), NextDecision(before[i]), ObserveProgress(instances[i]),
        [&result = results[i]](absl::StatusOr<CommandResult> told) {
          result.Set(std::move(told));
        }));
  }
  // The last first: commands are answered in order, so the others need no wake-up any more. All
  // before any is judged: a command under way writes to its instance.
  std::vector<absl::StatusOr<CommandResult>> told(instances.size());
  for (size_t i = instances.size(); i-- > 0;) told[i] = results[i].Wait();
  bool all_tried = true;
  for (size_t i = 0; i < instances.size(); ++i) {
    all_tried &= TakeResult(told[i], before[i], instances[i]);
  }
  return all_tried;
}

// False if the command is to be tried again.
bool Advancer::TakeResult(const absl::StatusOr<CommandResult>& result, const Instance& before,
                          Instance& instance) {
  if (result.ok()) {
    if (result->event_count == 0) return true;  // An earlier attempt had done it.
    if (!before.started) {
      ++instances_started_;
    } else if (before.refusal.ok()) {
      ++steps_completed_;
    } else {
      ++steps_failed_;
    }
    return true;
  }
  // What Describe showed was decided over a batch that was not written.
  instance = before;
  if (IsTransient(result.status())) return false;
  if (!before.started || !before.refusal.ok()) {
    Park(instance, result.status());
  } else {
    instance.refusal = result.status();
  }
  return true;
}

void Advancer::Park(Instance& instance, const absl::Status& failure) {
  instance.ended = true;
  if (on_error_) on_error_(failure);
}

void Advancer::Stop() {
  base::MutexLock lock(mu_);
  stopped_ = true;
  stop_changed_.NotifyAll();
}

// True once it is stopped.
bool Advancer::WaitOrStop(std::chrono::milliseconds delay) {
  const auto until = std::chrono::steady_clock::now() + delay;
  base::MutexLock lock(mu_);
  while (!stopped_) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    stop_changed_.WaitFor(mu_, left);
  }
  return stopped_;
}

}  // namespace dealog::workflow
