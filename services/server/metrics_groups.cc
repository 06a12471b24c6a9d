// Consumer groups of all tenants together: labels name no tenant, so `dealog group list` tells
// which.

#include <algorithm>
#include <vector>

#include "services/server/metrics.h"

namespace dealog::server {

void CollectGroups(groups::Groups& groups, telemetry::MetricFamilies& families) {
  const absl::StatusOr<std::vector<groups::GroupStatus>> all = groups.All();
  families.Gauge("dealog_groups_failed",
                 "1 after their store could not be written: none delivers until a restart.",
                 all.ok() ? 0 : 1);
  if (!all.ok()) return;
  double halted = 0;
  double consumers = 0;
  double in_flight = 0;
  double waiting = 0;
  double parked = 0;
  uint64_t lag_events_max = 0;
  double since_progress_max = 0;
  for (const groups::GroupStatus& group : *all) {
    halted += group.halted_reason.empty() ? 0 : 1;
    consumers += static_cast<double>(group.consumers.size());
    in_flight += static_cast<double>(group.in_flight);
    waiting += static_cast<double>(group.waiting);
    parked += static_cast<double>(group.parked);
    lag_events_max = std::max(lag_events_max, group.lag_events);
    since_progress_max = std::max(since_progress_max, group.seconds_since_progress);
  }
  families.Gauge("dealog_groups", "Consumer groups.", static_cast<double>(all->size()));
  families.Gauge("dealog_groups_halted", "Of these, those that wait for somebody to act.", halted);
  families.Gauge("dealog_group_consumers", "Consumers that take part.", consumers);
  families.Gauge("dealog_group_in_flight_events", "Events delivered and not settled.", in_flight);
  families.Gauge("dealog_group_waiting_events", "Failed events that wait for their next delivery.",
                 waiting);
  families.Gauge("dealog_group_parked_events", "Events that were put aside.", parked);
  families.Gauge("dealog_group_lag_events",
                 "Positions from the checkpoint to the head of the group that is most behind.",
                 static_cast<double>(lag_events_max));
  families.Gauge("dealog_group_since_progress_seconds",
                 "Since when the group that stands still longest settled nothing while it had "
                 "something to settle.",
                 since_progress_max);
}

}  // namespace dealog::server
