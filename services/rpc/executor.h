#pragma once

// A few threads for work that must not hold up gRPC's: reads that had to wait for their view, long
// computations, and the next message of every stream.

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"

namespace dealog::rpc {

// Thread safety: yes.
class Executor {
 public:
  Executor(int threads, size_t queue_max);
  ~Executor();

  // Queues a task; false if the queue is full or the executor has stopped.
  bool Submit(std::function<void()> task);
  // Queues a task past the limit: for streams, which have at most one task each (kStreamsMax).
  // False if the executor has stopped.
  bool Continue(std::function<void()> task);
  // Accepts nothing more, runs what is queued and joins. Idempotent; not from a task.
  void Stop();

 private:
  void Run();

  // Constant after construction.
  const size_t queue_max_;
  // Guarded by mu_.
  base::Mutex mu_;
  base::CondVar changed_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  // Last: joined before the rest goes.
  std::vector<base::Worker> workers_;
};

}  // namespace dealog::rpc
