#pragma once

// A few threads for the next messages of streams, which must not hold up gRPC's own.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"

namespace dealog::rpc {

// Runs tasks in the order in which they come. Thread safety: yes.
class Executor {
 public:
  explicit Executor(int threads);
  ~Executor();

  // Queues a task. Without a limit: streams have at most one task each (kStreamsMax), and boards
  // that are watched likewise. False if the executor has stopped.
  bool Continue(std::function<void()> task);
  // The same once `delay` has passed. Tasks that still wait when it stops are dropped.
  bool ContinueAfter(absl::Duration delay, std::function<void()> task);
  // Accepts nothing more, runs what is queued and joins. Idempotent; not from a task.
  void Stop();

 private:
  void Run();
  // Queues those whose time has come; µs until the next one's, INT64_MAX if there is none.
  int64_t QueueDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Guarded by mu_.
  base::Mutex mu_;
  base::CondVar changed_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  std::multimap<int64_t, std::function<void()>> later_ ABSL_GUARDED_BY(mu_);  // By monotonic µs.
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  // Last: joined before the rest goes.
  std::vector<base::Worker> workers_;
};

}  // namespace dealog::rpc
