#pragma once

// The runner keeps the views of tenants that are read resident: it loads them when they are first
// asked for, folds every event into them, flushes rows now and then, lets queries read them at a
// consistent position, and lets those go that were not read for longest when memory runs short.
//
//   auto read = runner.Read(tenant, {.views = {"deals"}}, deadline);   // waits, bounded
//   if (!read.ok()) return read.status();
//   const auto deals = (*read)->Get<DealsView>("deals");    // all named views at one position

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"
#include "projections/runtime/limits.h"
#include "projections/tenant_views.h"
#include "projections/view_store.h"

namespace dealog::projections {

// How fresh a read must be, and of what.
struct Freshness {
  enum class Kind { kHead, kAtLeast, kAny };
  Kind kind = Kind::kHead;
  eventstore::Position position;  // kAtLeast only.
  // Views that it waits for, and the only ones that it may Get: of a tenant that is not resident no
  // other is loaded. Empty = all.
  std::vector<std::string_view> views = {};
  // By who looks at every tenant: it does not count as use, and what was loaded for it leaves
  // again.
  bool passing = false;
};

struct ProjectionStatus {
  enum class State { kLive, kCatchingUp, kFailed };
  std::string name;
  int version = 0;
  State state = State::kLive;
  eventstore::BatchNumber number;
  uint64_t events_folded = 0;
  uint64_t lag_events = 0;
  double lag_seconds = 0;
  std::string error;     // Why it failed, of one of the tenants for which it did.
  size_t row_count = 0;  // Of resident tenants.
  size_t failed_tenants = 0;
};

// What is resident.
struct ViewsMemory {
  size_t bytes = 0;      // About.
  size_t bytes_max = 0;  // The budget; 0 = none.
  size_t tenants = 0;
  size_t loading = 0;      // Tenants that are being loaded, or wait to be.
  uint64_t loads = 0;      // Since the start.
  uint64_t evictions = 0;  // Since the start.
};

// A consistent look at one tenant's views; holds the tenant's shared lock: keep it short, and ask
// for no second one nor for statuses meanwhile, for a fold may already wait between the two. Thread
// safety: the thread that made it.
using TenantRead = std::unique_ptr<const TenantViews>;

struct RunnerOptions {
  absl::Duration flush_interval = absl::Milliseconds(500);
  size_t flush_rows_max = 200'000;  // Dirty events after which a flush comes early.
  size_t poll_bytes = 4 << 20;
  // What resident views may hold, about; 0 = no limit.
  size_t memory_bytes_max = 0;
  // Threads that load tenants.
  size_t loader_threads = 2;
  // Events that a tenant which is not resident may get before its rows are refreshed.
  uint64_t cold_events_max = kColdEventsMax;
  // Told, in a sentence, what an operator should know: a view of a tenant is rebuilt because of its
  // stored rows, a tenant is larger than the budget. Null = nobody.
  std::function<void(std::string_view)> log;
};

// Thread safety: yes. Ownership: log and store must outlive it.
class Runner {
 public:
  virtual ~Runner() = default;
  // Waits until the named views of the tenant are as fresh as asked and at one position, then locks
  // the tenant for reading. Views that failed are not waited for: Get says VIEW_FAILED.
  // UNAVAILABLE / VIEW_BEHIND past the deadline; NOT_FOUND / TENANT_NOT_FOUND.
  virtual absl::StatusOr<TenantRead> Read(const eventstore::TenantId& tenant, Freshness freshness,
                                          absl::Time deadline) = 0;
  // Like Read, without blocking a thread: `done` is called once, from any thread, when fresh or
  // past the deadline; then call Read with kAny.
  virtual void WhenFresh(const eventstore::TenantId& tenant, Freshness freshness,
                         absl::Time deadline, std::function<void(absl::Status)> done) = 0;
  // What is there now, without waiting; UNAVAILABLE / VIEW_BEHIND if that is not all of the named
  // views. For callbacks, too: of `freshness`, what is named and whether it is in passing counts.
  virtual absl::StatusOr<TenantRead> ReadNow(const eventstore::TenantId& tenant,
                                             Freshness freshness) = 0;
  // Calls `changed` (quick, from a thread of the runner's, without locks held) after commits of the
  // tenant were folded or views of it became readable. Keeps resident what is read of the tenant,
  // and loads nothing by itself. Returns an id for Unwatch, after which it is not called any more.
  // RESOURCE_EXHAUSTED / OVERLOADED if the tenants that are held already take the memory.
  virtual absl::StatusOr<uint64_t> Watch(const eventstore::TenantId& tenant,
                                         std::function<void()> changed) = 0;
  virtual void Unwatch(uint64_t id) = 0;

  virtual std::vector<ProjectionStatus> Statuses() const = 0;
  virtual ViewsMemory memory() const = 0;
  // Drops the rows of a view (all views if empty), of one tenant or (empty) of all, and folds them
  // anew; returns once that has begun. Reads of them wait. NOT_FOUND / PROJECTION_NOT_FOUND or
  // TENANT_NOT_FOUND.
  virtual absl::Status Rebuild(std::string_view name, const eventstore::TenantId& tenant) = 0;
  // The end is near: a write of views that fails is not tried again from here on, so that nobody
  // waits for it for ever, a rebuild least of all. Reads go on. Idempotent.
  virtual void PrepareStop() = 0;
  // Writes what is dirty and stops. Idempotent.
  virtual void Stop() = 0;
};

std::unique_ptr<Runner> StartRunner(eventstore::EventLog& log, ViewStore& store,
                                    std::vector<ViewDefinition> views, RunnerOptions options);

}  // namespace dealog::projections
