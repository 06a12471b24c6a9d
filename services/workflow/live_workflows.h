#pragma once

// Which workflows were live when: folded from the log, so that the same event triggers the same
// workflows however often, and however late, it is read.

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "eventstore/event_log.h"
#include "projections/filter/filter.h"
#include "services/commands/state_loader.h"

namespace dealog::workflow {

// A published revision of a workflow, and the stretch of the log in which it is live.
struct LiveWorkflow {
  std::string workflow_id;
  uint64_t workflow_revision = 0;
  events::v1::WorkflowDefinition definition;
  filter::Filter condition;
  // If the condition does not compile (nothing publishes such a one): why. It never triggers.
  absl::Status fault;
  eventstore::Position published_at;  // Live for events after this position, …
  eventstore::Position replaced_at{std::numeric_limits<uint64_t>::max()};  // … before this one.
};
using LiveWorkflowPtr = std::shared_ptr<const LiveWorkflow>;

// Thread safety: none. Ownership: `log` must outlive it.
class LiveWorkflows {
 public:
  explicit LiveWorkflows(const eventstore::EventLog& log) : log_(log) {}

  // Reads what a tenant has published up to now. Events up to there may be applied again: they are
  // ignored.
  absl::Status Load(const eventstore::TenantId& tenant);
  // Applies a workflow's event that the log delivered.
  absl::Status Apply(const eventstore::TenantId& tenant, const commands::ParsedEvent& parsed);

  // True for the event types that Apply wants to see.
  static bool IsLifecycle(std::string_view event_type);
  // Workflows that react to an event of that type at that position, in the order of publication.
  std::vector<LiveWorkflowPtr> Find(const eventstore::TenantId& tenant, std::string_view event_type,
                                    eventstore::Position position) const;
  // True if any revision ever reacted to one of the types: cheap, to leave out most commits.
  bool MayReact(const eventstore::TenantId& tenant, std::span<const std::string_view> types) const;

 private:
  struct Tenant {
    eventstore::Position read_to;
    absl::TimeZone time_zone = absl::UTCTimeZone();
    std::vector<std::shared_ptr<LiveWorkflow>> revisions;
  };
  absl::StatusOr<absl::TimeZone> ReadTimeZone(const eventstore::TenantId& tenant) const;

  const eventstore::EventLog& log_;
  absl::flat_hash_map<eventstore::TenantId, Tenant> tenants_;
};

}  // namespace dealog::workflow
