#pragma once

// Threads that tenants share: whoever asks for much waits for himself, not the others for him.
//
//   RETURN_IF_ERROR(executors.computations.Submit(tenant, [call] { call->Finish(); }));

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/worker.h"
#include "eventstore/types.h"

namespace dealog::rpc {

struct FairExecutorOptions {
  std::string name;           // Of what it does, in the plural: "reads"; also the threads'.
  int threads = 1;            // At least 1.
  size_t queue_max = 0;       // Tasks that wait, of all tenants.
  size_t per_tenant_max = 0;  // Tasks of one tenant that wait or run.
  int nice = 0;               // Added to the threads' nice value.
};

// Tenants take turns, a task each. Where there are several threads, one tenant never has all of
// them, so that another one's task begins at once.
// Thread safety: yes.
// Invariants: a tenant is in turns_ once if it has a task that waits and may run one more, else not
// at all; a tenant without tasks is forgotten.
class FairExecutor {
 public:
  explicit FairExecutor(FairExecutorOptions options);
  ~FairExecutor();

  // Queues a task. RESOURCE_EXHAUSTED / OVERLOADED with RetryInfo past either limit; UNAVAILABLE /
  // NOT_READY once it has stopped.
  absl::Status Submit(const eventstore::TenantId& tenant, std::function<void()> task);
  // Accepts nothing more, runs what is queued and joins. Idempotent; not from a task.
  void Stop();

 private:
  struct Tenant {
    std::deque<std::function<void()>> waiting;
    size_t running = 0;
    bool has_turn = false;  // It is in turns_.
  };
  using Tenants = std::map<std::string, Tenant>;

  void Run();
  void GiveTurn(Tenants::iterator tenant) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Refusal(size_t of_tenant) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const FairExecutorOptions options_;
  const size_t running_max_;  // Of one tenant.

  // Guarded by mu_.
  base::Mutex mu_;
  base::CondVar changed_;
  Tenants tenants_ ABSL_GUARDED_BY(mu_);
  std::deque<Tenants::iterator> turns_ ABSL_GUARDED_BY(mu_);
  size_t waiting_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  // Last: joined before the rest goes.
  std::vector<base::Worker> workers_;
};

}  // namespace dealog::rpc
