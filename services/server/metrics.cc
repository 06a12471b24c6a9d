#include "services/server/metrics.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "eventstore/base/clock.h"
#include "services/telemetry/process_metrics.h"

namespace dealog::server {
namespace {

using telemetry::MetricFamilies;

constexpr double kMicrosPerSecond = 1e6;

double Number(uint64_t value) { return static_cast<double>(value); }

void CollectLog(const eventstore::LogStats& log, MetricFamilies& families) {
  families.Counter("dealog_log_batches_total", "Batches made durable, one synced write each.",
                   Number(log.batches));
  families.Counter("dealog_log_commits_total", "Commits appended.", Number(log.commits));
  families.Counter("dealog_log_events_total", "Events appended.", Number(log.events));
  families.Counter("dealog_log_bytes_total", "Bytes of encoded commits appended.",
                   Number(log.bytes));
  families.Histogram("dealog_log_batch_commits", "Commits per batch.", log.batch_commits, 1);
  families.Histogram("dealog_log_sync_seconds", "How long a batch's synced write took.",
                     log.sync_us, kMicrosPerSecond);
  families.Counter("dealog_log_ring_misses_total",
                   "Pages that followers read from disk, because memory held newer batches only.",
                   Number(log.ring_misses));
  families.Gauge("dealog_log_ring_bytes", "Bytes of recent commits in memory.",
                 Number(log.ring_bytes));
  families.Gauge("dealog_log_failed", "1 after a failed write: nothing is written any more.",
                 log.failed ? 1 : 0);
  families.Gauge("dealog_log_strained",
                 "1 while writes are held back because the engine or the disk can't take them.",
                 log.strained ? 1 : 0);
  if (log.disk_free_bytes.has_value()) {
    families.Gauge("dealog_disk_free_bytes", "Free bytes of the log's disk.",
                   Number(*log.disk_free_bytes));
  }
  families.Gauge("dealog_disk_free_min_bytes", "Free bytes below which the log is read-only.",
                 Number(log.disk_free_bytes_min));
  if (log.engine.has_value()) CollectEngine(*log.engine, families);
}

void CollectScrub(const jobs::ScrubStatus& scrub, MetricFamilies& families) {
  families.Gauge("dealog_scrub_last_full_timestamp_seconds",
                 "When a check of the whole log last ended, since 1970 UTC; 0 = never.",
                 scrub.last ? static_cast<double>(scrub.last->ended_at_us) / kMicrosPerSecond : 0);
  families.Gauge("dealog_scrub_problems", "Things that it found wrong.",
                 scrub.last ? Number(scrub.last->report.problem_count) : 0);
  families.Gauge("dealog_scrub_running", "1 while the log is being checked.",
                 scrub.running ? 1 : 0);
  families.Gauge("dealog_scrub_failed", "1 if the last check could not be finished.",
                 scrub.last_error.ok() ? 0 : 1);
  families.Counter("dealog_scrub_read_bytes_total", "Bytes that checks have read.",
                   Number(scrub.bytes_total));
}

void CollectCommands(const commands::SequencerStats& stats, MetricFamilies& families) {
  families.Counter("dealog_commands_total", "Commands answered by the sequencers.",
                   Number(stats.commands));
  for (const auto& [reason, count] : stats.refusals_by_reason) {
    families.Counter("dealog_commands_refused_total",
                     "Commands that were looked at and refused, by published reason.",
                     Number(count), {{"reason", reason}});
  }
  constexpr std::array<std::string_view, commands::kShedKinds> kCauses = {"bytes", "wait", "strain",
                                                                          "stopping"};
  for (size_t i = 0; i < kCauses.size(); ++i) {
    families.Counter("dealog_commands_shed_total",
                     "Commands turned away before they entered the queue, by cause.",
                     Number(stats.shed[i]), {{"cause", kCauses[i]}});
  }
  families.Counter("dealog_commands_replayed_total",
                   "Commands answered from the record of an earlier execution.",
                   Number(stats.replays));
  families.Gauge("dealog_command_queue_commands", "Commands that wait or are being decided.",
                 Number(stats.queue_commands));
  families.Gauge("dealog_command_queue_bytes", "What they take in memory, bytes.",
                 Number(stats.queue_bytes));
  families.Gauge("dealog_command_queue_max_bytes", "Bytes past which commands are turned away.",
                 Number(stats.queue_bytes_max));
  families.Gauge("dealog_command_queue_wait_seconds",
                 "How long a command that came now would wait for its answer.",
                 absl::ToDoubleSeconds(stats.expected_wait));
  families.Counter("dealog_state_cache_hits_total", "Aggregates found in the state cache.",
                   Number(stats.cache_hits));
  families.Counter("dealog_state_cache_misses_total", "Aggregates folded from their streams.",
                   Number(stats.cache_misses));
}

void CollectViews(const std::vector<projections::ProjectionStatus>& views,
                  MetricFamilies& families) {
  using State = projections::ProjectionStatus::State;
  for (const auto& view : views) {
    families.Counter("dealog_view_events_total", "Events folded since the start, by view.",
                     Number(view.events_folded), {{"view", view.name}});
  }
  for (const auto& view : views) {
    families.Gauge("dealog_view_lag_events", "Batches' events that the view has not folded.",
                   Number(view.lag_events), {{"view", view.name}});
  }
  for (const auto& view : views) {
    families.Gauge("dealog_view_lag_seconds", "Since when the view is behind the log.",
                   view.lag_seconds, {{"view", view.name}});
  }
  for (const auto& view : views) {
    families.Gauge("dealog_view_failed",
                   "1 if the view stopped, of any tenant; see dealog projection list.",
                   view.state == State::kFailed ? 1 : 0, {{"view", view.name}});
  }
  for (const auto& view : views) {
    families.Gauge("dealog_view_failed_tenants", "Tenants of which the view stopped.",
                   Number(view.failed_tenants), {{"view", view.name}});
  }
  for (const auto& view : views) {
    families.Gauge("dealog_view_rows", "Rows of the view.", Number(view.row_count),
                   {{"view", view.name}});
  }
}

void CollectViewsMemory(const projections::ViewsMemory& memory, MetricFamilies& families) {
  families.Gauge("dealog_views_memory_bytes", "What resident views hold, about.",
                 Number(memory.bytes));
  families.Gauge("dealog_views_memory_max_bytes", "Their budget; 0 = none.",
                 Number(memory.bytes_max));
  families.Gauge("dealog_views_resident_tenants", "Tenants whose views are resident.",
                 Number(memory.tenants));
  families.Gauge("dealog_views_loading_tenants",
                 "Tenants whose views are being loaded, or wait for it.", Number(memory.loading));
  families.Counter("dealog_views_loads_total", "Tenants' views loaded, since the start.",
                   Number(memory.loads));
  families.Counter("dealog_views_evictions_total",
                   "Tenants' views that left memory, since the start.", Number(memory.evictions));
}

void CollectFollowers(const MetricSources& sources, MetricFamilies& families) {
  const rpc::SubscriberSet::Lag lag =
      sources.subscribers.Measure(sources.log, base::SystemClock().NowMicros());
  families.Gauge("dealog_subscribers", "Open subscriptions to the log.", Number(lag.subscribers));
  families.Gauge("dealog_subscription_lag_events",
                 "Events of its tenant that the slowest subscriber was not sent yet.",
                 Number(lag.events_max));
  families.Gauge("dealog_subscription_lag_seconds",
                 "Age of the oldest event that a subscriber was not sent yet.", lag.seconds_max);
  families.Gauge("dealog_rpc_streams", "Open server streams of any kind.",
                 Number(sources.streams.size()));
  const rpc::SharedBoards::Counts boards = sources.boards.counts();
  families.Gauge("dealog_watched_boards", "Boards that are computed for watchers.",
                 Number(boards.boards));
  families.Gauge("dealog_board_watchers", "Watchers of these boards.", Number(boards.watchers));
  families.Counter("dealog_board_computations_total", "Times that a watched board was computed.",
                   Number(boards.computations));

  const workflow::ReactorStats reactor = sources.reactor.stats();
  families.Gauge("dealog_workflow_lag_batches", "Batches that the reactor has not reacted to.",
                 Number(reactor.batches_behind));
  families.Counter("dealog_workflow_instances_total", "Workflow instances started.",
                   Number(reactor.instances_started));
  families.Counter("dealog_workflow_steps_total", "Steps of workflows that ended, by outcome.",
                   Number(reactor.steps_completed), {{"outcome", "completed"}});
  families.Counter("dealog_workflow_steps_total", "", Number(reactor.steps_failed),
                   {{"outcome", "failed"}});

  double audit_lag = 0;
  for (uint32_t i = 0; i < sources.log.partition_count(); ++i) {
    audit_lag = std::max(audit_lag, sources.audit.Progress(eventstore::PartitionId{i}).lag_seconds);
  }
  families.Gauge("dealog_audit_lag_seconds", "Since when the Merkle trees are behind the log.",
                 audit_lag);
}

void CollectCalls(const telemetry::CallMetrics& calls, MetricFamilies& families) {
  const std::vector<telemetry::MethodCounters::Totals> methods = calls.All();
  for (const auto& method : methods) {
    for (size_t code = 0; code < telemetry::kStatusCodes; ++code) {
      if (method.by_code[code] == 0 && code != 0) continue;
      families.Counter("dealog_rpc_calls_total", "Calls that ended, by method and status code.",
                       Number(method.by_code[code]),
                       {{"method", method.method},
                        {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}});
    }
  }
  for (const auto& method : methods) {
    if (method.calls() == 0) continue;  // A histogram has twenty lines.
    families.Histogram("dealog_rpc_duration_seconds",
                       "From a call's arrival to its end, by method; of streams, how long they "
                       "were open.",
                       method.micros, kMicrosPerSecond, {{"method", method.method}});
  }
}

}  // namespace

void CollectMetrics(const MetricSources& sources, MetricFamilies& families) {
  families.Gauge("dealog_build_info", "Always 1; the labels tell what runs.", 1,
                 {{"version", sources.version}});
  CollectLog(sources.log.stats(), families);
  CollectScrub(sources.scrub.status(), families);
  CollectCommands(sources.sequencers.stats(), families);
  CollectViews(sources.runner.Statuses(), families);
  CollectViewsMemory(sources.runner.memory(), families);
  CollectFollowers(sources, families);
  CollectGroups(sources.groups, families);
  CollectCalls(sources.calls, families);
  telemetry::CollectProcess(families);
}

}  // namespace dealog::server
