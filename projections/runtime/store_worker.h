#pragma once

// The thread that writes views, in order, so that folding never waits for a disk.

#include <deque>
#include <functional>
#include <string>

#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Thread safety: yes. Ownership: the store must outlive it.
class StoreWorker {
 public:
  // `complete` adds to every write what belongs to all of them, right before it is written.
  explicit StoreWorker(ViewStore& store, std::function<void(ViewWrite&)> complete = {});
  ~StoreWorker() { Stop(); }
  StoreWorker(const StoreWorker&) = delete;
  StoreWorker& operator=(const StoreWorker&) = delete;

  // Writes, then calls `written`. A failed write is tried again until it succeeds or the end gives
  // it up.
  void Write(ViewWrite write, std::function<void()> written);
  // Runs a task between writes.
  void Run(std::function<void()> task);
  // Runs it and waits until it has: everything that was handed in before is written. Not from a
  // task.
  void RunAndWait(const std::function<void()>& task);
  // Why the last write failed; empty once one succeeded.
  std::string error() const;
  // From here on a write that fails is given up, and everything after it; what is handed in is
  // still taken. Idempotent.
  void GiveUp();
  // Finishes what was handed in and ends the thread. Idempotent.
  void Stop();

 private:
  void Loop();
  // False if it was given up.
  bool TryUntilWritten(const ViewWrite& write);

  ViewStore& store_;
  const std::function<void(ViewWrite&)> complete_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  std::string error_ ABSL_GUARDED_BY(mu_);
  bool giving_up_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool abandoned_ = false;  // The thread's own.
  base::Worker worker_;     // Last: uses the rest.
};

}  // namespace dealog::projections
