#pragma once

// Every metric of the server, gathered from the parts that count. docs/metrics.md lists them; a
// test compares.

#include <string>

#include "eventstore/event_log.h"
#include "eventstore/merkle/follower.h"
#include "projections/runtime/runner.h"
#include "services/commands/submit.h"
#include "services/groups/groups.h"
#include "services/jobs/scrub_job.h"
#include "services/rpc/shared_board.h"
#include "services/rpc/stream_set.h"
#include "services/rpc/subscriber_set.h"
#include "services/telemetry/call_metrics.h"
#include "services/telemetry/metrics.h"
#include "services/workflow/reactor.h"

namespace dealog::server {

// All outlive whoever collects.
struct MetricSources {
  const eventstore::EventLog& log;
  const commands::Sequencers& sequencers;
  const projections::Runner& runner;
  const workflow::Reactor& reactor;
  const eventstore::AuditFollower& audit;
  const jobs::ScrubJob& scrub;
  const rpc::StreamSet& streams;
  const rpc::SharedBoards& boards;
  const rpc::SubscriberSet& subscribers;
  groups::Groups& groups;
  const telemetry::CallMetrics& calls;
  std::string version;
};

// Takes milliseconds, some of them under locks that commits take too: per scrape, not per second.
// Thread safety: yes, for families of one's own.
void CollectMetrics(const MetricSources& sources, telemetry::MetricFamilies& families);

// How the consumer groups of all tenants stand, as dealog_group*.
void CollectGroups(groups::Groups& groups, telemetry::MetricFamilies& families);

// What the storage engine says, as dealog_rocksdb_*.
void CollectEngine(const eventstore::EngineStats& engine, telemetry::MetricFamilies& families);

}  // namespace dealog::server
