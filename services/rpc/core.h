#pragma once

// What every service of the gRPC surface stands on. The composition root (services/server) owns the
// parts and hands them down once; nothing here is global.

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/secret.h"
#include "eventstore/event_log.h"
#include "eventstore/forks.h"
#include "eventstore/merkle/audit_trees.h"
#include "eventstore/merkle/follower.h"
#include "projections/runtime/runner.h"
#include "services/commands/submit.h"
#include "services/groups/groups.h"
#include "services/jobs/import_job.h"
#include "services/jobs/scrub_job.h"
#include "services/rpc/executors.h"
#include "services/rpc/method.h"
#include "services/rpc/stream_set.h"
#include "services/rpc/subscriber_set.h"
#include "services/telemetry/call_metrics.h"

namespace dealog::rpc {

class SharedBoards;

// Thread safety: what it refers to synchronises itself; the rest is constant while serving.
// Ownership: of nothing but the text; all must outlive the services.
struct Core {
  eventstore::EventLog& log;
  commands::Sequencers& sequencers;
  projections::Runner& runner;
  jobs::ImportJobs& imports;
  jobs::ScrubJob& scrub;
  groups::Groups& groups;
  eventstore::AuditTrees& audit_trees;
  eventstore::AuditFollower& audit_follower;
  const base::Clock& clock;
  Executors& executors;
  StreamSet& streams;
  SharedBoards& boards;
  SubscriberSet& subscribers;
  telemetry::CallMetrics& metrics;
  // Seals page tokens.
  const base::Secret& page_token_key;
  // True once the server stops: new calls are refused with NOT_READY.
  const std::atomic<bool>& draining;
  std::string version;
  int64_t started_at_us = 0;
  // Where archives of backups are kept; empty: none are made.
  std::string backup_dir;
  std::string unique_key_check;  // eventstore::KeyCheck of the key of unique values.
  eventstore::Forks forks;       // Of the log.
};

// A call that the pipeline has admitted.
struct Call {
  const Method* method = nullptr;
  eventstore::TenantId tenant;  // Empty where the method needs none.
  std::string principal;        // "user:ada"
  std::string traceparent;      // W3C trace context; empty if there is none.
  absl::Time deadline = absl::InfiniteFuture();
  int64_t started_us = 0;  // Monotonic.
};

}  // namespace dealog::rpc
