#pragma once

// The runner follows a partition, folds every event into every view, flushes rows now and then,
// and lets queries read the resident states at a consistent position.
//
//   auto read = runner.Read(tenant, Freshness::Head(), deadline);   // waits for the fold, bounded
//   if (!read.ok()) return read.status();
//   const auto deals = (*read)->Get<DealsView>("deals");            // all views at one position

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
#include "projections/tenant_views.h"
#include "projections/view_store.h"

namespace dealog::projections {

// How fresh a read must be.
struct Freshness {
  enum class Kind { kHead, kAtLeast, kAny };
  Kind kind = Kind::kHead;
  eventstore::Position position;  // kAtLeast only.
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
  std::string error;
  size_t row_count = 0;
};

// A consistent look at one tenant's views; holds the tenant's shared lock: keep it short, and ask
// for no second one nor for statuses meanwhile, for a fold may already wait between the two. Thread
// safety: the thread that made it.
using TenantRead = std::unique_ptr<const TenantViews>;

struct RunnerOptions {
  absl::Duration flush_interval = absl::Milliseconds(500);
  size_t flush_rows_max = 200'000;  // Dirty events after which a flush comes early.
  size_t poll_bytes = 4 << 20;
  // Told, in a sentence, that a view is rebuilt because its stored rows are damaged. Null = nobody.
  std::function<void(std::string_view)> log;
};

// Thread safety: yes. Ownership: log and store must outlive it.
class Runner {
 public:
  virtual ~Runner() = default;
  // Waits until the tenant's views are as fresh as asked, then locks them for reading.
  // UNAVAILABLE / VIEW_BEHIND past the deadline; NOT_FOUND / TENANT_NOT_FOUND.
  virtual absl::StatusOr<TenantRead> Read(const eventstore::TenantId& tenant, Freshness freshness,
                                          absl::Time deadline) = 0;
  // Like Read, without blocking a thread: `done` is called once, from any thread, when fresh or
  // past the deadline; then call Read with kAny.
  virtual void WhenFresh(const eventstore::TenantId& tenant, Freshness freshness,
                         absl::Time deadline, std::function<void(absl::Status)> done) = 0;
  // Calls `changed` (quick, from the runner's thread, without locks held) after commits of the
  // tenant were folded. Returns an id for Unwatch, after which it is not called any more.
  virtual uint64_t Watch(const eventstore::TenantId& tenant, std::function<void()> changed) = 0;
  virtual void Unwatch(uint64_t id) = 0;

  virtual std::vector<ProjectionStatus> Statuses() const = 0;
  // Drops the view (all of them if empty) and folds the log anew. NOT_FOUND / PROJECTION_NOT_FOUND.
  virtual absl::Status Rebuild(std::string_view name) = 0;
  // Writes what is dirty and stops. Idempotent.
  virtual void Stop() = 0;
};

std::unique_ptr<Runner> StartRunner(eventstore::EventLog& log, ViewStore& store,
                                    std::vector<ViewDefinition> views, RunnerOptions options);

}  // namespace dealog::projections
