#include "services/rpc/executor.h"

#include <chrono>
#include <string>
#include <utility>

#include "eventstore/base/clock.h"

namespace dealog::rpc {

Executor::Executor(int threads) {
  workers_.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    workers_.emplace_back("rpc-stream-" + std::to_string(i), [this] { Run(); });
  }
}

Executor::~Executor() { Stop(); }

bool Executor::Continue(std::function<void()> task) {
  base::MutexLock lock(mu_);
  if (stopping_) return false;
  queue_.push_back(std::move(task));
  changed_.NotifyOne();
  return true;
}

bool Executor::ContinueAfter(absl::Duration delay, std::function<void()> task) {
  const int64_t due_us = base::MonotonicMicros() + absl::ToInt64Microseconds(delay);
  base::MutexLock lock(mu_);
  if (stopping_) return false;
  later_.emplace(due_us, std::move(task));
  changed_.NotifyOne();
  return true;
}

void Executor::Stop() {
  std::multimap<int64_t, std::function<void()>> dropped;  // Without the lock: they may own much.
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    dropped.swap(later_);
    changed_.NotifyAll();
  }
  workers_.clear();
}

int64_t Executor::QueueDue() {
  while (!later_.empty()) {
    const auto first = later_.begin();
    const int64_t wait_us = first->first - base::MonotonicMicros();
    if (wait_us > 0) return wait_us;
    queue_.push_back(std::move(first->second));
    later_.erase(first);
    // Whoever waited for this one takes one task; the others are for those who sleep.
    changed_.NotifyOne();
  }
  return INT64_MAX;
}

void Executor::Run() {
  for (;;) {
    std::function<void()> task;
    {
      base::MutexLock lock(mu_);
      for (;;) {
        const int64_t wait_us = QueueDue();
        if (!queue_.empty() || stopping_) break;
        if (wait_us == INT64_MAX) {
          changed_.Wait(mu_);
        } else {
          changed_.WaitFor(mu_, std::chrono::microseconds(wait_us));
        }
      }
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace dealog::rpc
