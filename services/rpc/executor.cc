#include "services/rpc/executor.h"

#include <string>
#include <utility>

namespace dealog::rpc {

Executor::Executor(int threads, size_t queue_max) : queue_max_(queue_max) {
  workers_.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    workers_.emplace_back("rpc-" + std::to_string(i), [this] { Run(); });
  }
}

Executor::~Executor() { Stop(); }

bool Executor::Submit(std::function<void()> task) {
  base::MutexLock lock(mu_);
  if (stopping_ || queue_.size() >= queue_max_) return false;
  queue_.push_back(std::move(task));
  changed_.NotifyOne();
  return true;
}

bool Executor::Continue(std::function<void()> task) {
  base::MutexLock lock(mu_);
  if (stopping_) return false;
  queue_.push_back(std::move(task));
  changed_.NotifyOne();
  return true;
}

void Executor::Stop() {
  {
    base::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  workers_.clear();
}

void Executor::Run() {
  for (;;) {
    std::function<void()> task;
    {
      base::MutexLock lock(mu_);
      while (queue_.empty() && !stopping_) changed_.Wait(mu_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace dealog::rpc
