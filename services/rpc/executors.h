#pragma once

// Who works for gRPC's threads: three groups of threads, so that none of them waits for another.

#include <unistd.h>

#include <algorithm>

#include "services/rpc/executor.h"
#include "services/rpc/fair_executor.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {

// Thread safety: yes.
struct Executors {
  Executors()
      : streams(kStreamThreads),
        reads({.name = "reads",
               .threads = kReadThreads,
               .queue_max = kReadsMax,
               .per_tenant_max = kReadsPerTenantMax}),
        computations({.name = "computations",
                      .threads = ComputationThreads(),
                      .queue_max = kComputationsMax,
                      .per_tenant_max = kComputationsPerTenantMax,
                      .nice = kComputationNice}) {}

  // One core is left to those who decide commands, fold them and answer.
  static int ComputationThreads() {
    return std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) - 1);
  }
  // Reads and computations first: their callers go on to wait for nothing of the streams.
  void Stop() {
    computations.Stop();
    reads.Stop();
    streams.Stop();
  }

  Executor streams;           // The next message of every stream.
  FairExecutor reads;         // What had to wait, boards, lists, whatever reads the disk.
  FairExecutor computations;  // KPIs, histories, what folds the past (known_at).
};

}  // namespace dealog::rpc
