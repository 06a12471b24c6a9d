#pragma once

// What the parts of the runner share: followers, loaders, evictions, rebuilds.

#include <atomic>
#include <functional>
#include <span>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/event_log.h"
#include "projections/projection.h"
#include "projections/runtime/loader.h"
#include "projections/runtime/runner.h"
#include "projections/runtime/store_worker.h"
#include "projections/runtime/tenants.h"
#include "projections/view_store.h"

namespace dealog::projections {

// Thread safety: what it refers to synchronises itself. Ownership: the runner's; all outlives the
// threads that use it.
struct Shared {
  eventstore::EventLog& log;
  ViewStore& store;
  const std::span<const ViewDefinition> views;
  const RunnerOptions options;
  StoreWorker& store_worker;
  Tenants& tenants;
  Loader& loader;
  // Something of the tenant may be readable now, and rows of so many events are to be flushed. From
  // any thread, without locks held.
  const std::function<void(const TenantPtr&, size_t dirty_events)> changed;

  // Since the start, by ViewIndex.
  std::vector<std::atomic<uint64_t>> events_folded =
      std::vector<std::atomic<uint64_t>>(views.size());
  std::atomic<uint64_t> loads{0};
  std::atomic<uint64_t> evictions{0};
  // True once everything ends: loads give up.
  std::atomic<bool> stopping{false};
  // Held while room is made in memory: outermost of the locks.
  base::Mutex room_mu;

  // Has the whole tenant brought near the log's head by and by.
  void Refresh(const TenantPtr& tenant) {
    {
      base::WriterLock lock(tenant->mu);
      tenant->Want(FirstViews(views.size()));
    }
    loader.Add(tenant, Loader::Urgency::kBackground);
  }

  void Say(std::string_view sentence) const {
    if (options.log) options.log(sentence);
  }
};

}  // namespace dealog::projections
