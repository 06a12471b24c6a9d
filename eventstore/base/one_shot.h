#pragma once

// A value that one thread sets once and another one waits for.
//
//   base::OneShot<absl::Status> ended;
//   worker.Post([&ended] { ended.Set(Work()); });
//   RETURN_IF_ERROR(ended.Wait());

#include <chrono>
#include <optional>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"

namespace dealog::base {

// Thread safety: yes. Ownership: may be destroyed as soon as the waiting call has returned, also
// while Set has not. Invariants: set at most once; its value is taken at most once.
template <typename T>
class OneShot {
 public:
  OneShot() = default;
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  void Set(T value) {
    // Notified under the lock: the waiter may destroy this as soon as it can have the lock.
    MutexLock lock(mu_);
    DEALOG_CHECK(!set_) << "a one-shot is set once";
    set_ = true;
    value_.emplace(std::move(value));
    changed_.NotifyOne();
  }

  // Waits until it is set and takes the value.
  T Wait() {
    MutexLock lock(mu_);
    while (!set_) changed_.Wait(mu_);
    return Take();
  }

  // The same; nullopt if it was not set in time: it may be waited for again.
  std::optional<T> WaitFor(std::chrono::microseconds timeout) {
    const int64_t until_us = MonotonicMicros() + timeout.count();
    MutexLock lock(mu_);
    while (!set_) {
      const int64_t left_us = until_us - MonotonicMicros();
      if (left_us <= 0) return std::nullopt;
      changed_.WaitFor(mu_, std::chrono::microseconds(left_us));
    }
    return Take();
  }

 private:
  T Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    DEALOG_CHECK(value_.has_value()) << "the value of a one-shot is taken once";
    T value = *std::move(value_);
    value_.reset();
    return value;
  }

  Mutex mu_;
  CondVar changed_;
  bool set_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<T> value_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::base
