#include "projections/runtime/store_worker.h"

#include <chrono>
#include <utility>

#include "eventstore/base/check.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {

StoreWorker::StoreWorker(ViewStore& store, std::function<void(ViewWrite&)> complete)
    : store_(store), complete_(std::move(complete)), worker_("views-store", [this] { Loop(); }) {}

void StoreWorker::Write(ViewWrite write, std::function<void()> written) {
  Run([this, write = std::move(write), written = std::move(written)]() mutable {
    if (complete_) complete_(write);
    // After a write was given up, later ones would leave a hole under their positions.
    if (!abandoned_) abandoned_ = !TryUntilWritten(write);
    written();
  });
}

void StoreWorker::Run(std::function<void()> task) {
  base::MutexLock lock(mu_);
  DEALOG_CHECK(tasks_.size() < kStoreTasksMax);
  tasks_.push_back(std::move(task));
  changed_.NotifyAll();
}

void StoreWorker::RunAndWait(const std::function<void()>& task) {
  bool done = false;
  Run([&] {
    task();
    base::MutexLock lock(mu_);
    done = true;
    changed_.NotifyAll();
  });
  base::MutexLock lock(mu_);
  while (!done) changed_.Wait(mu_);
}

std::string StoreWorker::error() const {
  base::MutexLock lock(mu_);
  return error_;
}

void StoreWorker::GiveUp() {
  base::MutexLock lock(mu_);
  giving_up_ = true;
  changed_.NotifyAll();
}

void StoreWorker::Stop() {
  {
    base::MutexLock lock(mu_);
    giving_up_ = stopping_ = true;
    changed_.NotifyAll();
  }
  worker_.Join();
}

bool StoreWorker::TryUntilWritten(const ViewWrite& write) {
  for (;;) {
    const absl::Status status = store_.Write(write);
    base::MutexLock lock(mu_);
    error_ = status.ok() ? "" : std::string(status.message());
    if (status.ok() || giving_up_) return status.ok();
    changed_.WaitFor(mu_, std::chrono::microseconds(kRetryMicros));
  }
}

void StoreWorker::Loop() {
  for (;;) {
    std::function<void()> task;
    {
      base::MutexLock lock(mu_);
      while (tasks_.empty() && !stopping_) changed_.Wait(mu_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace dealog::projections
